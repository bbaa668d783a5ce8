import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: the state", .timeLimit(.minutes(20)))
struct StateTests {
    @Test("The state comes with its version, its position and when to ask again; HEAD says the same without it")
    func full() async throws {
        try await withCistern(CisternOptions(layout: .split, pollFlags: ["--poll-interval", "400ms"])) { system in
            let pushed = try await system.push(#"{"a":[1.50,"ü"]}"#, id: "c1")
            let state = try await system.settled()
            #expect(state.status == 200)
            #expect(state.text == #"{"a":[1.50,"ü"]}"#)
            #expect(state["ETag"] == "\"\(try #require(pushed.position))\"")
            #expect(state.position == pushed.position)
            #expect(state["Content-Type"] == "application/json")
            #expect(state["Cache-Control"] == "no-cache")
            #expect(state["Cistern-Poll-Interval"] == "400")
            for name in ["Accept", "A-IM", "Accept-Encoding"] {
                #expect(state["Vary"]?.contains(name) == true, "\(name)")
            }
            let head = try await system.send("HEAD", "/v1/apps/board/state")
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
            for name in [
                "ETag", "Cistern-Position", "Content-Type", "Content-Length", "Cistern-Poll-Interval", "Cache-Control",
            ] {
                #expect(head[name] == (name == "Content-Length" ? "\(state.bytes.count)" : state[name]), "\(name)")
            }
        }
    }

    @Test("Who has the version gets 304, however the version is quoted, with the position")
    func notModified() async throws {
        try await withCistern { system in
            _ = try await system.push(#"{"a":1}"#, id: "c1")
            let state = try await system.settled()
            let version = try #require(state.version)
            for known in ["\"\(version)\"", version, "W/\"\(version)\"", "\"x\", W/\"\(version)\"", "*"] {
                let answer = try await system.state(headers: [("If-None-Match", known)])
                #expect(answer.status == 304, "\(known)")
                #expect(answer.bytes.isEmpty)
                #expect(answer["ETag"] == state["ETag"])
                #expect(answer.position == state.position)
                #expect(answer["Cistern-Poll-Interval"] == "250")
                #expect(answer["Cache-Control"] == "no-cache")
            }
            #expect(
                try await system.send("HEAD", "/v1/apps/board/state", headers: [("If-None-Match", version)]).status
                    == 304)
            for other in ["\"another-1\"", "nonsense", "\"\(version)0\"", "\"\(version.dropLast())0\"", ""] {
                let answer = try await system.state(headers: [("If-None-Match", other)])
                #expect(answer.status == 200, "\(other)")
                #expect(answer.text == #"{"a":1}"#)
            }
        }
    }

    @Test("Rejected changes move the position, not the version, and wake nobody")
    func rejected() async throws {
        try await withCistern { system in
            #expect(try await system.outcome(#"{"a":1}"#, id: "c1") == "applied")
            let before = try await system.settled()
            #expect(
                try await system.outcome(#"[{"op":"test","path":"/a","value":2}]"#, .patch, id: "c2") == "test-failed")
            let answer = try await system.state(
                "?at_least=\(before.position?.dropLast() ?? "")2", headers: [("If-None-Match", before.version ?? "")])
            #expect(answer.status == 304)
            #expect(answer.version == before.version)
            #expect(answer.position?.hasSuffix("-2") == true)
        }
    }

    @Test("An application nobody has pushed to is unknown; one with rejected changes only is empty at version 0")
    func unknown() async throws {
        try await withCistern(.split) { system in
            let unknown = try await system.state(of: "nobody")
            #expect(unknown.refusal == "404 unknown-app")
            #expect(unknown["Cache-Control"] == "no-store")
            #expect(try await system.state(of: "nobody", "?fresh=1").refusal == "404 unknown-app")
            #expect(try await system.state(of: "nobody", "?at_least=abc-1").refusal == "404 unknown-app")
            #expect(try await system.send("HEAD", "/v1/apps/nobody/state").status == 404)
            #expect(try await system.outcome(#"[{"op":"remove","path":"/a"}]"#, .patch, id: "c1") == "path-not-found")
            let empty = try await system.settled()
            #expect(empty.text == "{}")
            #expect(empty.version?.hasSuffix("-0") == true)
            #expect(empty.position?.hasSuffix("-1") == true)
        }
    }

    @Test("at_least reads one's own write, on any server, as soon as it is merged")
    func atLeast() async throws {
        try await withCistern(CisternOptions(layout: .split, pollers: 2)) { system in
            for number in 1...30 {
                let receipt = try #require(try await system.push(#"{"n":\#(number)}"#, id: "c\(number)").position)
                let state = try await system.state("?at_least=\(receipt)", from: system.pollers[number % 2])
                #expect(state.status == 200)
                #expect(state.json["n"]?.integerValue ?? 0 >= number)
                for quoted in ["%22\(receipt)%22", "W/%22\(receipt)%22"] {
                    #expect(try await system.state("?at_least=\(quoted)").status == 200)
                }
            }
        }
    }

    @Test("at_least waits as long as it may, then 503; fresh folds in what is in the log by itself")
    func notMerged() async throws {
        try await withCistern(.split) { system in
            #expect(try await system.outcome(#"{"n":1}"#, id: "c1") == "applied")
            _ = try await system.settled()
            try await system.merger.stop()
            let receipt = try #require(try await system.push(#"{"n":2}"#, id: "c2").position)
            let start = ContinuousClock.now
            let refused = try await system.state("?at_least=\(receipt)", headers: [("Prefer", "wait=1")])
            let time = ContinuousClock.now - start
            #expect(refused.refusal == "503 not-yet-merged")
            #expect(time > .milliseconds(890) && time < .seconds(3), "\(time)")
            #expect(Int(refused["Retry-After"] ?? "") ?? 0 > 0)
            #expect(refused.member("position")?.stringValue?.hasSuffix("-1") == true)

            let old = try await system.state()
            #expect(old.text == #"{"n":1}"#)
            let fresh = try await system.state("?fresh=1")
            #expect(fresh.text == #"{"n":2}"#)
            #expect(fresh.version == receipt)
            #expect(try await system.state("?at_least=\(receipt)").text == #"{"n":2}"#)

            let next = try #require(try await system.push(#"{"n":3}"#, id: "c3").position)
            async let waiting = system.state("?at_least=\(next)", headers: [("Prefer", "wait=20")])
            try await system.merger.launch()
            let waited = try await waiting
            #expect(waited.text == #"{"n":3}"#)
            #expect(waited["Preference-Applied"] == "wait=20")
        }
    }

    @Test("A position of another epoch is answered 409 with the present one; such a version gets the full state")
    func otherEpoch() async throws {
        try await withCistern { system in
            let old = try #require(try await system.push(#"{"n":1}"#, id: "c1").position)
            _ = try await system.settled()
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            let new = try #require(try await system.push(#"{"n":2}"#, id: "c2").position)
            _ = try await system.settled()
            let changed = try await system.state("?at_least=\(old)")
            #expect(changed.refusal == "409 epoch-changed")
            #expect(changed.member("position")?.stringValue == new)
            let state = try await system.state(headers: [("If-None-Match", "\"\(old)\"")])
            #expect(state.status == 200)
            #expect(state.text == #"{"n":2}"#)
        }
    }

    @Test("A version ahead of what a server has makes it look again before it answers")
    func ahead() async throws {
        try await withCistern(CisternOptions(layout: .split, pollers: 2)) { system in
            for number in 1...20 {
                _ = try await system.push(#"{"n":\#(number)}"#, id: "c\(number)")
                let first = try await system.state("?fresh=1", from: system.pollers[0])
                let second = try await system.state(
                    headers: [("If-None-Match", first.version ?? "")], from: system.pollers[1])
                #expect(
                    second.status == 304 || second.json["n"]?.integerValue ?? 0 > number,
                    "\(second.status) \(second.text)")
            }
        }
    }

    @Test(
        "Parameters that are none are refused",
        arguments: [
            "?at_least=x", "?at_least=", "?at_least=abc-01", "?at_least=a-1&at_least=a-1", "?fresh=maybe",
            "?at_least=%zz",
        ])
    func parameters(_ query: String) async throws {
        try await withCistern { system in
            _ = try await system.push("{}", id: "c1")
            let answer = try await system.poller.raw("GET /v1/apps/board/state\(query) HTTP/1.1")
            #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains("/problems/invalid-parameter"), "\(answer)")
        }
    }
}
