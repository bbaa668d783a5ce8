import Documents
import Grants
import SystemSupport
import TestSupport
import Testing
import Trust

/// Tokens for a part of a state: what they read, and what they may touch.
@Suite("Tokens for parts of states", .timeLimit(.minutes(20)))
struct PartsOfStatesTests {
    @Test("A poll is of the token's part, by every way, and of nothing else", arguments: ["yes", "no"])
    func polls(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"mine":{"x":1},"secret":2}"#, with: keyring)
            let mine = try keyring.bearer("poll:board#/mine")
            let whole = try await system.state(headers: mine)
            #expect(whole.text == #"{"x":1}"#)
            #expect(try await system.state(of: "board", "?path=/mine/x", headers: mine).text == "1")
            // The very same request again must not meet what was prepared for others.
            #expect(try await system.state(headers: keyring.everything).text == #"{"mine":{"x":1},"secret":2}"#)
            #expect(try await system.state(headers: mine).text == #"{"x":1}"#)
            for path in ["/secret", "/mine2", "/"] {
                let refused = try await system.state(of: "board", "?path=\(path)", headers: mine)
                #expect(refused.refusal == "403 forbidden", "\(path)")
                #expect(refused.member("pointer")?.stringValue == path)
            }
            let many = try await system.get("/v1/states?apps=board", headers: mine)
            #expect(many.member("board")?["state"]?["x"]?.integerValue == 1)
            let both = try await system.state(headers: try keyring.bearer("poll:board#/mine poll:board#/secret"))
            #expect(both.refusal == "403 forbidden")
            #expect(both.member("paths")?.count == 2)
            try await system.withEvents(headers: mine) { stream in
                try await stream.has(1)
                #expect(stream.events[0].data == #"{"x":1}"#)
            }
            guard lanes == "yes" else { return }
            let lines = LiveSocket.handshake("/v1/apps/board/socket") + mine.map { "\($0): \($1)" }
            let socket = try await LiveSocket.open(port: system.poller.port, lines)
            try await socket.word("its part of the state") { word in
                if case .state(let state, _, _) = word { state == Array(#"{"x":1}"#.utf8) } else { false }
            }
            socket.drop()
            let elsewhere = LiveSocket.handshake("/v1/apps/board/socket?path=/secret") + mine.map { "\($0): \($1)" }
            let refused = try await LiveSocket.open(port: system.poller.port, elsewhere)
            try await eventually("the socket is closed") { refused.received.closeCode == 1008 }
            refused.drop()
        }
    }

    @Test(
        "A push reaches its token's part only, by every way, and what is refused changes nothing",
        arguments: ["yes", "no"])
    func pushes(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"mine":{"x":1},"theirs":2}"#, with: keyring)
            let mine = try keyring.bearer("push:board#/mine poll:board")
            #expect(try await system.outcome(#"{"mine":{"x":2}}"#, id: "p1", headers: mine) == "applied")
            for (number, (change, type, pointer)) in [
                (#"{"mine":{"x":3},"theirs":3}"#, .merge, "/theirs"),
                (#"{"mine":null,"theirs":null}"#, .merge, "/theirs"),
                ("{}", .merge, ""), (#"[{"op":"replace","path":"/theirs","value":3}]"#, .patch, "/0/path"),
                (#"[{"op":"copy","from":"/theirs","path":"/mine/y"}]"#, .patch, "/0/from"),
                (#"[{"op":"test","path":"/theirs","value":2}]"#, .patch, "/0/path"),
                (#"[{"op":"increment","path":"/theirs","value":1}]"#, .cistern, "/0/path"),
            ].enumerated() as EnumeratedSequence<[(String, ChangeType, String)]> {
                for (way, more) in [("lane", []), ("route", [("If-Match", "*")])] as [(String, [(String, String)])] {
                    let answer = try await system.push(change, type, id: "r\(number)\(way)", headers: mine + more)
                    #expect(answer.refusal == "403 forbidden", "\(change) by \(way)")
                    #expect(answer.member("pointer")?.stringValue == pointer, "\(change) by \(way)")
                }
            }
            let batch =
                #"[{"id":"b1","type":"application/merge-patch+json","change":{"mine":{"x":9}}},"#
                + #"{"id":"b2","type":"application/merge-patch+json","change":{"theirs":9}}]"#
            let refused = try await system.batch(batch, headers: mine)
            #expect(refused.refusal == "403 forbidden")
            #expect(refused.member("pointer")?.stringValue == "/1/change/theirs")
            if lanes == "yes" {
                let lines = LiveSocket.handshake("/v1/apps/board/socket") + mine.map { "\($0): \($1)" }
                let socket = try await LiveSocket.open(port: system.poller.port, lines)
                try await socket.push(#"{"theirs":7}"#, id: "s1")
                #expect(try await socket.answer(to: "s1") == "refused forbidden")
                try await socket.push(#"{"mine":{"y":7}}"#, id: "s2")
                #expect(try await socket.answer(to: "s2") == "ack")
                socket.drop()
                try await eventually("the push is merged") {
                    try await system.state(headers: keyring.everything).text == #"{"mine":{"x":2,"y":7},"theirs":2}"#
                }
            } else {
                #expect(try await system.state(headers: keyring.everything).text == #"{"mine":{"x":2},"theirs":2}"#)
            }
        }
    }
}
