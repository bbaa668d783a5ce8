import Documents
import Fold
import Grants
import HTTPService
import HTTPTypes
import NIOCore
import Testing

@testable import Sockets

@Suite("Handshakes", .timeLimit(.minutes(1)))
struct HandshakeTests {
    private static let request = WireClient.handshake

    /// The answer's head in lower case, and the kind of problem; checks that the connection ends with it.
    private func refusal(_ lines: String, from server: SocketServer) async throws -> (head: String, slug: String?) {
        try await WireClient.with(server.address) { client in
            let head = try await client.shake(lines).lowercased()
            let body = try await client.rest()
            #expect(head.contains("\r\ncontent-type: application/problem+json"), "\(lines)")
            #expect(head.contains("\r\ncontent-length: \(body.utf8.count)"))
            #expect(head.contains("connection: close"))
            let document = try Document(parsing: Array(body.utf8))
            return (head, document["type"]?.stringValue?.split(separator: "/").last.map(String.init))
        }
    }

    @Test("The answer proves that the key was understood, and names the subprotocol that was offered")
    func accepted() async throws {
        try await withSockets(echoes: true) { server in
            for (lines, subprotocol) in [
                (Self.request, false), (Self.request + "\nSec-WebSocket-Protocol: cistern.v1", true),
                (Self.request + "\nSec-WebSocket-Protocol: chat, cistern.v1", true),
                (Self.request + "\nSec-WebSocket-Protocol: chat\nSec-WebSocket-Protocol: cistern.v1", true),
                (Self.request + "\nSec-WebSocket-Extensions: permessage-deflate", false),
            ] {
                try await WireClient.with(server.address) { client in
                    let head = try await client.shake(lines)
                    #expect(head.hasPrefix("HTTP/1.1 101 "))
                    // RFC 6455 §1.3 has this very key.
                    #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
                    #expect(head.contains("Sec-WebSocket-Protocol: cistern.v1") == subprotocol, "\(lines)")
                    #expect(!head.lowercased().contains("extensions"))
                    try await client.send(.text("hello"), .close(1000))
                    #expect(try await client.frames() == [.text("hello"), .close(1000)])
                }
            }
        }
    }

    @Test("Frames right behind the request are not lost")
    func earlyFrames() async throws {
        try await withSockets(echoes: true) { server in
            try await WireClient.with(server.address) { client in
                let frames = [ClientFrame.text("early"), .ping([1]), .close(1000)]
                let head = try await client.shake(Self.request, then: frames.flatMap(\.bytes))
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(try await client.frames() == [.text("early"), .pong([1]), .close(1000)])
            }
        }
    }

    @Test("A request in single bytes is a request")
    func dripping() async throws {
        try await withSockets(echoes: true) { server in
            try await WireClient.with(server.address) { client in
                for byte in Self.request.replacing("\n", with: "\r\n").utf8 { try await client.send([byte]) }
                let head = try await client.shake("", then: ClientFrame.text("a").bytes)
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(try await client.frame() == .text("a"))
            }
        }
    }

    @Test("What is no handshake is refused with a problem, and the connection ends")
    func refused() async throws {
        try await withSockets(echoes: true) { server in
            func without(_ name: String) -> String {
                Self.request.split(separator: "\n").filter { !$0.hasPrefix(name) }.joined(separator: "\n")
            }
            let key = "dGhlIHNhbXBsZSBub25jZQ=="
            for (lines, status, slug) in [
                (without("Upgrade"), 426, "upgrade-required"), (without("Connection"), 426, "upgrade-required"),
                (without("Upgrade") + "\nUpgrade: h2c", 426, "upgrade-required"),
                (without("Sec-WebSocket-Version"), 426, "upgrade-required"),
                (Self.request.replacing("Version: 13", with: "Version: 8"), 426, "upgrade-required"),
                (without("Sec-WebSocket-Key"), 400, "invalid-handshake"),
                (Self.request.replacing(key, with: "c2hvcnQ="), 400, "invalid-handshake"),
                (Self.request.replacing(key, with: "no Base64"), 400, "invalid-handshake"),
                (Self.request + "\nSec-WebSocket-Key: \(key)", 400, "invalid-handshake"),
                (Self.request + "\nSec-WebSocket-Protocol: chat", 400, "invalid-handshake"),
                (Self.request + "\nContent-Length: 5", 400, "invalid-handshake"),
                (Self.request.replacing("GET", with: "POST"), 400, "invalid-handshake"),
                (Self.request.replacing("/socket", with: "/sockets"), 404, "not-found"),
                (Self.request.replacing("board", with: "-"), 400, "invalid-id"),
                (Self.request.replacing("/socket", with: "/socket?have=7"), 400, "invalid-parameter"),
                (Self.request + "\nNo header", 400, "malformed-request"),
            ] {
                let answer = try await refusal(lines, from: server)
                #expect(answer.head.hasPrefix("http/1.1 \(status) "), "\(lines)")
                #expect(answer.slug == slug, "\(lines)")
                guard status == 426 else { continue }
                #expect(answer.head.contains("\r\nupgrade: websocket"))
                #expect(answer.head.contains("\r\nsec-websocket-version: 13"))
            }
        }
    }

    @Test("Pages of other origins get a socket only if they are among the allowed ones")
    func origins() async throws {
        func isAccepted(_ origin: String, _ server: SocketServer) async throws -> Bool {
            try await WireClient.with(server.address) { client in
                let head = try await client.shake(Self.request + "\nOrigin: \(origin)")
                if head.hasPrefix("HTTP/1.1 101 ") { return true }
                #expect(head.hasPrefix("HTTP/1.1 403 "))
                return false
            }
        }
        for (origins, origin, accepted) in [
            (["https://app.example"], "http://localhost", true), (["https://app.example"], "https://app.example", true),
            (["https://app.example"], "https://evil.example", false), (["https://app.example"], "null", false),
            ([], "http://LOCALHOST", true), ([], "https://app.example", false), (["*"], "https://evil.example", true),
        ] {
            let isAccepted = try await withSockets(echoes: true, origins: origins) { server in
                try await isAccepted(origin, server)
            }
            #expect(isAccepted == accepted, "\(origin) with \(origins)")
        }
    }

    @Test("A header has to arrive in time")
    func slowHeader() async throws {
        var limits = SocketLimits()
        limits.handshakeDeadline = .milliseconds(300)
        try await withSockets(echoes: true, limits: limits) { server in
            try await WireClient.with(server.address) { client in
                try await client.send(Array("GET /v1/apps/board/socket HTTP/1.1\r\n".utf8))
                #expect(try await client.rest() == "")
            }
        }
    }

    /// Lets readers in, and a writer push.
    private struct Guarded: Permission {
        static let scopes = ["reader": "poll:board", "writer": "poll:board push:board", "other": "poll:other"]

        func caller(bearing token: [UInt8]) throws(Problem) -> Caller {
            let name = String(decoding: token, as: UTF8.self)
            guard let grant = Self.scopes[name].flatMap({ try? Grant($0) }) else { throw .invalidToken("Who?") }
            return Caller(name: name, grant: grant, expires: .distantFuture, trust: Caller.Trust())
        }
    }

    @Test("The token may stand among the subprotocols, which is where scripts in browsers can put it")
    func subprotocol() async throws {
        try await withSockets(permission: Guarded()) { server in
            let offer = "\nSec-WebSocket-Protocol: cistern.v1, bearer."
            #expect(try await refusal(Self.request + offer + "nobody", from: server).slug == "unauthenticated")
            #expect(try await refusal(Self.request + offer + "other", from: server).slug == "forbidden")
            for twice in [", bearer.reader", "\nAuthorization: Bearer reader"] {
                let problem = try await refusal(Self.request + offer + "reader" + twice, from: server)
                #expect(problem.slug == "invalid-handshake")
            }
            // Without the protocol itself there is nothing that the answer could name.
            let alone = Self.request + "\nSec-WebSocket-Protocol: bearer.reader"
            #expect(try await refusal(alone, from: server).slug == "invalid-handshake")
            try await WireClient.with(server.address) { client in
                let head = try await client.shake(Self.request + offer + "reader")
                #expect(head.hasPrefix("HTTP/1.1 101 "))
                #expect(head.lowercased().contains("sec-websocket-protocol: cistern.v1\r\n"))
                #expect(!head.contains("reader"))
            }
        }
    }

    @Test("Permission is asked for reading, and for pushing, which presence needs, too")
    func permission() async throws {
        try await withSockets(permission: Guarded()) { server in
            #expect(try await refusal(Self.request, from: server).slug == "unauthenticated")
            let other = Self.request.replacing("board", with: "other") + "\nAuthorization: Bearer writer"
            #expect(try await refusal(other, from: server).slug == "forbidden")
            for (name, answer, echo) in [
                ("writer", #"{"ack":"#, #"{"presence":1}"#),
                ("reader", #"{"refused":{"id":"a","#, #"{"refused":{"problem":"#),
            ] {
                try await WireClient.with(server.address) { client in
                    let push = ClientFrame.text(#"{"push":{"id":"a","change":{}}}"#)
                    let head = try await client.shake(
                        Self.request + "\nAuthorization: Bearer \(name)", then: push.bytes)
                    #expect(head.hasPrefix("HTTP/1.1 101 "))
                    #expect(try await client.text().hasPrefix(#"{"state":"#))
                    #expect(try await client.text().hasPrefix(answer))
                    // To be seen by the others takes the same as over HTTP.
                    try await client.send(#"{"presence":1}"#)
                    // The writer's push is a version, which may be told before.
                    var word = try await client.text()
                    if name == "writer", !word.hasPrefix(echo) { word = try await client.text() }
                    #expect(word.hasPrefix(echo), "\(name): \(word)")
                }
            }
        }
    }
}
