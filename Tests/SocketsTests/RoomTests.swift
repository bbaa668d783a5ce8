import Documents
import Fold
import HTTPService
import NIOCore
import TestSupport
import Testing

@testable import Sockets

@Suite("Clients in a room", .timeLimit(.minutes(1)))
struct RoomTests {
    private func push(_ id: String, _ change: String = "{}") -> String {
        #"{"push":{"id":"\#(id)","change":\#(change)}}"#
    }

    @Test("The server speaks first, unless the client has what there is")
    func first() async throws {
        try await withSockets { server in
            try await server.room { $0.publish(#"{"a":1}"#) }
            try await WireClient.open(server.address) { client in
                let text = try await client.text()
                #expect(text == #"{"state":{"a":1},"version":"e-0","position":"e-0"}"#)
            }
            try await WireClient.open(server.address, path: "/v1/apps/board/socket?have=%22e-0%22") { client in
                try await client.send(.ping([1]))
                #expect(try await client.frame() == .pong([1]))
            }
        }
    }

    @Test("A push is acknowledged, and everybody gets the new state")
    func pushes() async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { one in
                try await WireClient.open(server.address) { other in
                    #expect(try await one.text().hasPrefix(#"{"state":{}"#))
                    #expect(try await other.text().hasPrefix(#"{"state":{}"#))
                    try await one.send(push("a", #"{"n":1.0}"#))
                    #expect(try await one.text() == #"{"ack":{"id":"a","receipt":"e-1"}}"#)
                    let state = #"{"state":{"n":1.0},"version":"e-1","position":"e-1"}"#
                    #expect(try await one.text() == state)
                    #expect(try await other.text() == state)
                }
            }
        }
    }

    @Test("What is refused or rejected says why, and the socket stays open")
    func refusals() async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                for (message, start, slug) in [
                    ("nonsense", #"{"refused":{"problem":"#, "malformed-json"),
                    (#"{"push":{"id":"x"}}"#, #"{"refused":{"id":"x","#, "invalid-message"),
                    (push("full"), #"{"refused":{"id":"full","#, "backlog-full"),
                    (#"{"presence":null}"#, #"{"refused":{"problem":"#, "forbidden"),
                ] {
                    try await client.send(message)
                    let answer = try await client.text()
                    #expect(answer.hasPrefix(start) && answer.contains("/problems/\(slug)"), "\(answer)")
                }
                try await client.send(push("wrong"))
                #expect(try await client.text() == #"{"ack":{"id":"wrong","receipt":"e-1"}}"#)
                #expect(try await client.text().hasPrefix(#"{"rejected":{"id":"wrong","reason":{"#))
                try await client.send(#"{"presence":{"name":"Ada"}}"#)
                #expect(try await client.text() == #"{"presence":{"name":"Ada"}}"#)
            }
        }
    }

    @Test("Binary messages are not spoken here")
    func binary() async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                try await client.send(.binary([1]))
                #expect(try await client.frame() == .close(1003))
                try await client.send(.close(1003))
                #expect(try await client.frame() == nil)
            }
        }
    }

    @Test("With so many pushes unanswered no more is read, until some are")
    func unanswered() async throws {
        var limits = SocketLimits()
        limits.unansweredPushes = 3
        // The client is not silent of its own will.
        limits.silence = .milliseconds(400)...Duration.milliseconds(500)
        limits.pongDeadline = .milliseconds(200)
        try await withSockets(limits: limits) { server in
            try await server.room { $0.holdsReplies = true }
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                for index in 1...3 {
                    try await client.send(push("a\(index)"))
                    try await eventually("push \(index) has come") { try await server.room { $0.pushes } == index }
                }
                try await client.send(push("a4"))
                // Long enough for it to be read, and for a ping and the end of the patience with its pong.
                try await Task.sleep(for: .seconds(1))
                #expect(try await server.room { $0.pushes } == 3)
                try await server.room {
                    $0.holdsReplies = false
                    $0.reply()
                }
                var answers: [String] = []
                while answers.count < 4 {
                    if case .text(let text) = try await client.frame(), text.hasPrefix(#"{"ack""#) {
                        answers.append(text)
                    }
                }
                #expect(answers.last == #"{"ack":{"id":"a4","receipt":"e-4"}}"#)
            }
        }
    }

    @Test("A client that does not read gets the newest state when it does, and none of those between")
    func slowReader() async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                let large = String(repeating: "x", count: 1 << 20)
                let rounds = 60
                for index in 1...rounds {
                    try await server.room { $0.change(to: #"{"n":\#(index),"x":"\#(large)"}"#) }
                }
                #expect(try await server.room { $0.missed } > rounds / 2)
                var states: [String] = []
                while states.last?.hasPrefix(#"{"state":{"n":\#(rounds),"#) != true {
                    states.append(try await client.text())
                }
                #expect(states.count < rounds / 2)
                #expect(try await server.room { $0.madeUp } > 0)
            }
        }
    }

    @Test("When the server stops, clients are told that it goes away")
    func goingAway() async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                try await server.quiesce()
                #expect(try await client.frame() == .close(1001))
                try await client.send(.text("late"), .close(1001))
                #expect(try await client.frame() == nil)
            }
            try await eventually("the connection is closed") { try await server.openConnections() == 0 }
        }
    }

    @Test("A client that goes leaves the room, whether it says so or not", arguments: [true, false])
    func leaving(politely: Bool) async throws {
        try await withSockets { server in
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                #expect(try await server.room { $0.clients.count } == 1)
                if politely {
                    try await client.send(.close(1000))
                    #expect(try await client.frame() == .close(1000))
                } else {
                    client.finish()
                }
                #expect(try await client.frame() == nil)
            }
            try await eventually("it has left once") {
                try await server.room { $0.clients.isEmpty && $0.left == 1 }
            }
            try await eventually("the connection is closed") { try await server.openConnections() == 0 }
        }
    }

    @Test("An answer that comes after the client has gone goes nowhere")
    func lateReply() async throws {
        try await withSockets { server in
            try await server.room { $0.holdsReplies = true }
            try await WireClient.open(server.address) { client in
                _ = try await client.text()
                try await client.send(.text(push("a")), .close(1000))
                #expect(try await client.frame() == .close(1000))
            }
            try await eventually("it has left") { try await server.room { $0.left } == 1 }
            try await server.room { $0.reply() }
            #expect(try await server.room { $0.position } == 1)
        }
    }
}
