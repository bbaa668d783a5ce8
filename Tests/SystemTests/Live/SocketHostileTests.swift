import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Socket: those who do not keep to it", .timeLimit(.minutes(20)))
struct SocketHostileTests {
    private static let path = "/v1/apps/board/socket"
    private static let gauge = "cistern_poll_followers{way=\"socket\"}"

    /// Status, and the slug of the problem, of what answers a handshake.
    private static func answer(_ system: TestCistern, _ lines: [String]) async throws -> String {
        let socket = try await LiveSocket.open(port: system.poller.port, lines)
        defer { socket.drop() }
        let head = socket.received.head ?? ""
        let status = head.dropFirst(9).prefix(3)
        guard status != "101" else { return "101" }
        try await eventually("the answer is whole") { socket.received.body.hasSuffix("}") }
        let slug = socket.received.body.firstMatch(of: /"type":"\/problems\/([a-z-]+)"/).map { "\($0.1)" }
        if status == "426" {
            #expect(head.lowercased().contains("upgrade: websocket"), "\(head)")
            #expect(head.lowercased().contains("connection: upgrade"), "\(head)")
            #expect(head.lowercased().contains("sec-websocket-version: 13"), "\(head)")
        }
        return "\(status) \(slug ?? "no problem")"
    }

    private static func without(_ name: String, _ more: String...) -> [String] {
        LiveSocket.handshake(path).filter { !$0.hasPrefix(name + ":") } + more
    }

    @Test(
        "A connection may become a socket whatever it was used for before",
        arguments: ["/v1/apps/board/state", "/v1/apps", "/v1/apps/board/changes", "/healthz", "/nowhere"])
    func reused(_ before: String) async throws {
        try await withCistern(.split) { system in
            let connection = try WireConnection(port: system.poller.port)
            connection.send(Array("GET \(before) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)[...])
            try await eventually("the first request is answered") {
                connection.read(until: .now + .milliseconds(20))
                return connection.received.starts(with: Array("HTTP/1.1 ".utf8))
            }
            let handshake = LiveSocket.handshake(Self.path).map { $0 + "\r\n" }.joined() + "\r\n"
            connection.send(Array(handshake.utf8)[...])
            try await eventually("the handshake is answered") {
                connection.read(until: .now + .milliseconds(20))
                return String(decoding: connection.received, as: UTF8.self).contains("HTTP/1.1 101 ")
            }
        }
    }

    @Test(
        "Handshakes that are none are answered with what is wrong with them",
        arguments: [CisternOptions.Layout.front, .split], Ways.polls)
    func handshakes(_ layout: CisternOptions.Layout, _ lanes: String) async throws {
        let flags = ["--cors-origins", "https://good.example", "--express-lanes", lanes]
        let options = CisternOptions(layout: layout, pollFlags: flags)
        try await withCistern(options) { system in
            let right = LiveSocket.handshake(Self.path)
            let cases: [(String, [String])] = [
                ("101", right),
                ("101", Self.without("Sec-WebSocket-Protocol")),
                ("101", Self.without("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: other, cistern.v1")),
                ("101", Self.without("Connection", "connection: keep-alive, uPgRaDe")),
                ("101", right + ["Origin: https://good.example"]),
                ("101", right + ["Origin: http://localhost"]),
                ("403 forbidden", right + ["Origin: https://bad.example"]),
                ("403 forbidden", right + ["Origin: null"]),
                ("403 forbidden", right + ["Origin: https://good.example.bad.example"]),
                ("426 upgrade-required", Self.without("Upgrade")),
                ("426 upgrade-required", Self.without("Connection")),
                ("426 upgrade-required", Self.without("Sec-WebSocket-Version")),
                ("426 upgrade-required", Self.without("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")),
                ("426 upgrade-required", Self.without("Upgrade", "Upgrade: h2c")),
                ("400 invalid-handshake", Self.without("Sec-WebSocket-Key")),
                ("400 invalid-handshake", Self.without("Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ=")),
                ("400 invalid-handshake", right + ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]),
                ("400 invalid-handshake", Self.without("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: mqtt")),
                ("400 invalid-parameter", LiveSocket.handshake(Self.path + "?have=x")),
                ("400 invalid-id", LiveSocket.handshake("/v1/apps/-x/socket")),
            ]
            for (expected, lines) in cases {
                let answer = try await Self.answer(system, lines)
                #expect(answer == expected, "\(lines.suffix(2))")
            }
            let plain = try await system.get(Self.path)
            #expect(plain.refusal == "426 upgrade-required")
            #expect(plain["Upgrade"] == "websocket")
            #expect(try await system.send("POST", Self.path, to: system.poller).status == 405)
        }
    }

    @Test("With lanes switched off a connection may become a socket at first, and is told why it may not later")
    func lanesOff() async throws {
        try await withCistern(.live(lanes: "no")) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c0")
            try await system.withSocket("?client=ann&presence=1") { socket in
                try await socket.word("the state") { $0.version == state.version }
                try await socket.push(#"{"n":1}"#, id: "c1")
                #expect(try await socket.answer(to: "c1") == "ack")
                try await socket.send(#"{"presence":1}"#)
                try await socket.word("that it is here") {
                    if case .presence(let text) = $0 { text.contains("ann") } else { false }
                }
            }
            let handshake = LiveSocket.handshake(Self.path).map { $0 + "\r\n" }.joined() + "\r\n"
            let connection = try WireConnection(port: system.poller.port)
            connection.send(Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\(handshake)".utf8)[...])
            try await eventually("the handshake is answered") {
                connection.read(until: .now + .milliseconds(20))
                let answers = WireAnswer.all(in: connection.received)
                return answers.count == 2 && answers[1].statusLine.hasPrefix("HTTP/1.1 426 ")
                    && answers[1].body.contains("open another one")
            }
        }
    }

    @Test("Whoever breaks a rule of the protocol is told which and let go; nobody else notices")
    func brokenRules() async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"n":0}"#, id: "c0")
            let text = Array(#"{"presence":1}"#.utf8)
            let cases: [(Int, [UInt8])] = [
                (1003, LiveSocket.frame(2, text)),
                (1002, LiveSocket.frame(1, text, isMasked: false)),
                (1002, LiveSocket.frame(3, text)),
                (1002, LiveSocket.frame(0, text)),
                (1002, LiveSocket.frame(1, text, isFinal: false) + LiveSocket.frame(1, text)),
                (1002, LiveSocket.frame(9, text, isFinal: false)),
                (1002, LiveSocket.frame(9, [UInt8](repeating: 1, count: 126))),
                (1002, [0xf1] + LiveSocket.frame(1, text).dropFirst()),
                (1002, LiveSocket.frame(8, [3])),
                (1002, LiveSocket.frame(8, [3, 237])),
                (1007, LiveSocket.frame(1, [0xff, 0xfe])),
                (1009, [0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]),
                (1009, [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]),
                (1009, LiveSocket.frame(1, [UInt8](repeating: 32, count: 1_100_000))),
            ]
            try await system.withSocket { good in
                try await good.has(1)
                for (code, bytes) in cases {
                    let rude = try await system.openSocket()
                    try await rude.has(1)
                    // The server may have closed before it has been sent everything.
                    try? await rude.send(bytes)
                    try await eventually("\(bytes.prefix(12)) is let go") { rude.received.hasEnded }
                    #expect(rude.received.closeCode == code, "\(bytes.prefix(12))")
                    rude.drop()
                }
                // Many fragments that are too large together.
                let fragments = try await system.openSocket()
                try await fragments.send(LiveSocket.frame(1, [UInt8](repeating: 32, count: 300_000), isFinal: false))
                for _ in 0..<4 {
                    try? await fragments.send(
                        LiveSocket.frame(0, [UInt8](repeating: 32, count: 300_000), isFinal: false))
                }
                try await eventually("fragments are let go") { fragments.received.hasEnded }
                #expect(fragments.received.closeCode == 1009)
                try await good.send(LiveSocket.frame(9, [1, 2, 3]))
                try await eventually("a pong") { good.received.pongs == [[1, 2, 3]] }
                try await good.push(#"{"n":1}"#, id: "c1")
                try await good.word("the state") { Token($0.version)?.number == 2 }
                try await good.close()
                #expect(good.received.closeCode == 1000)
            }
            try await eventually("nobody follows any more") {
                try await system.metric(Self.gauge, at: system.poller) == 0
            }
        }
    }

    @Test("A thousand sockets that come and go in all manners leave nothing behind")
    func thousand() async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"n":0}"#, id: "c0")
            try await system.withSocket { try await $0.has(1) }
            try await eventually("nobody follows") {
                try await system.metric(Self.gauge, at: system.poller) == 0
            }
            let before = try await system.metric("process_open_fds", at: system.poller)
            for round in 0..<4 {
                let sockets = try await withThrowingTaskGroup(of: LiveSocket.self) { group in
                    for number in 0..<250 {
                        group.addTask {
                            try await system.openSocket(number % 3 == 0 ? "?client=c\(number)&presence=1" : "")
                        }
                    }
                    return try await group.reduce(into: [LiveSocket]()) { $0.append($1) }
                }
                for socket in sockets { try await socket.word("the state", { $0.isState }) }
                try await eventually("they follow, and those who had gone do not") {
                    try await system.metric(Self.gauge, at: system.poller) == 250
                }
                for (number, socket) in sockets.enumerated() {
                    switch number % 5 {
                    case 0: try await socket.send(LiveSocket.frame(8, []))
                    case 1:
                        try? await socket.send(#"{"presence":1}"#)
                        socket.drop()
                    case 2:
                        try? await socket.push("{\"n\":\(number)}", id: "r\(round)-\(number)")
                        socket.drop()
                    case 3: try? await socket.send(LiveSocket.frame(2, [1]))
                    case _: socket.drop()
                    }
                }
                try await eventually("all have gone") {
                    try await system.metric(Self.gauge, at: system.poller) == 0
                }
                // Some go before they have been told anything.
                for _ in 0..<30 {
                    let lines = LiveSocket.handshake("/v1/apps/new\(round)/socket")
                    try await LiveSocket.open(port: system.poller.port, lines).drop()
                }
            }
            try await eventually("nobody follows") {
                try await system.metric(Self.gauge, at: system.poller) == 0
            }
            try await eventually("the descriptors are closed") {
                try await system.metric("process_open_fds", at: system.poller) <= before + 5
            }
            try await eventually("nobody is here") { try await system.present().text == #"{"clients":{}}"# }
            let last = try await system.settled()
            try await system.withSocket { socket in
                try await socket.has(1)
                #expect(socket.copy().bytes == last.bytes)
            }
        }
    }
}
