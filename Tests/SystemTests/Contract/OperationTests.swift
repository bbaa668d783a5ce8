import Documents
import Foundation
import SystemSupport
import Testing

@Suite("Push: operations, from request to state", .timeLimit(.minutes(20)))
struct OperationTests {
    private struct Step: Sendable {
        let patch: String
        /// `applied` or the reason's slug.
        let outcome: String
        let state: String
    }

    @Test("Every operation does what the contract says, and a patch applies whole or not at all")
    func operations() async throws {
        let steps = [
            Step(patch: #"{"op":"increment","path":"/n","value":1.50}"#, outcome: "applied", state: #"{"n":1.50}"#),
            Step(patch: #"{"op":"increment","path":"/n","value":0.123}"#, outcome: "applied", state: #"{"n":1.623}"#),
            Step(patch: #"{"op":"increment","path":"/n","value":-1.623}"#, outcome: "applied", state: #"{"n":0.000}"#),
            // A result has as many decimals as the operand that has more, also where it is one of them.
            Step(patch: #"{"op":"min","path":"/n","value":-3}"#, outcome: "applied", state: #"{"n":-3.000}"#),
            Step(patch: #"{"op":"max","path":"/n","value":7e0}"#, outcome: "applied", state: #"{"n":7.000}"#),
            Step(
                patch: #"{"op":"min","path":"/least","value":2}"#, outcome: "applied", state: #"{"n":7.000,"least":2}"#),
            Step(
                patch: #"{"op":"max","path":"/most","value":3}"#, outcome: "applied",
                state: #"{"n":7.000,"least":2,"most":3}"#),
            Step(
                patch: #"{"op":"remove","path":"/least"},{"op":"remove","path":"/most"}"#, outcome: "applied",
                state: #"{"n":7.000}"#),
            Step(
                patch: #"{"op":"union","path":"/tags","value":["a",1]}"#, outcome: "applied",
                state: #"{"n":7.000,"tags":["a",1]}"#),
            Step(
                patch: #"{"op":"union","path":"/tags","value":[1.0,"b","b"]}"#, outcome: "applied",
                state: #"{"n":7.000,"tags":["a",1,"b"]}"#),
            Step(
                patch: #"{"op":"subtract","path":"/tags","value":["a",1e0,"z"]}"#, outcome: "applied",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"subtract","path":"/nowhere/at/all","value":[1]}"#, outcome: "applied",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"increment","path":"/nowhere/n","value":1}"#, outcome: "path-not-found",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"union","path":"/nowhere/n","value":[1]}"#, outcome: "path-not-found",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"increment","path":"/tags","value":1}"#, outcome: "not-a-number",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"union","path":"/n","value":[1]}"#, outcome: "not-an-array",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"increment","path":"/n","value":1e1001}"#, outcome: "number-out-of-range",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"add","path":"/n","value":8},{"op":"test","path":"/n","value":7}"#,
                outcome: "test-failed", state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"remove","path":"/missing"}"#, outcome: "path-not-found",
                state: #"{"n":7.000,"tags":["b"]}"#),
            Step(
                patch: #"{"op":"copy","from":"/n","path":"/tags/0"},{"op":"move","from":"/n","path":"/m"}"#,
                outcome: "applied", state: #"{"tags":[7.000,"b"],"m":7.000}"#),
            Step(
                patch: #"{"op":"replace","path":"","value":{"x":[1,2]}},{"op":"add","path":"/x/-","value":3}"#,
                outcome: "applied", state: #"{"x":[1,2,3]}"#),
        ]
        try await withCistern { system in
            for (number, step) in steps.enumerated() {
                #expect(
                    try await system.outcome("[\(step.patch)]", .cistern, id: "c\(number)") == step.outcome,
                    "\(step.patch)")
                let (found, wanted) = (try await system.settled(), try Document(parsing: Array(step.state.utf8)))
                #expect(found.json.isSpelledLike(wanted), "\(step.patch): \(found.text)")
            }
        }
    }

    @Test("timestamp writes the time of append, and the same time wherever it is folded")
    func timestamp() async throws {
        try await withCistern(CisternOptions(layout: .split, mergeDaemons: 1, pollers: 2)) { system in
            system.merger.kill()
            let before = Date.now
            _ = try await system.push(#"[{"op":"timestamp","path":"/at"}]"#, .cistern, id: "c1")
            let after = Date.now
            try await Task.sleep(for: .milliseconds(50))
            // Folded by a poll server first, by a merge daemon later.
            let fresh = try await system.state("?fresh=1", from: system.pollers[1])
            try await system.merger.launch()
            let merged = try await system.settled()
            #expect(merged.text == fresh.text)
            let text = try #require(merged.json["at"]?.stringValue)
            #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(text)")
            let time = try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            #expect(time.timeIntervalSince(before) > -0.002 && time.timeIntervalSince(after) < 0.002)
        }
    }

    @Test("A state can become as large as its limit and no larger; what would make it so is rejected")
    func stateLimit() async throws {
        try await withCistern(CisternOptions(flags: ["--state-limit", "2KiB"])) { system in
            // `{"a":"…"}` is eight bytes around the text.
            func change(_ bytes: Int) -> String { #"{"a":"\#(String(repeating: "x", count: bytes - 8))"}"# }
            #expect(try await system.outcome(change(2_049), id: "c1") == "state-too-large")
            #expect(try await system.outcome(change(2_048), id: "c2") == "applied")
            #expect(try await system.outcome(#"{"b":1}"#, id: "c3") == "state-too-large")
            #expect(try await system.settled().bytes.count == 2_048)
            let reason = try await system.get("/v1/apps/board/changes/c1").member("reason")
            #expect(reason?["status"]?.integerValue == 413)
        }
    }

    @Test("A state cannot become deeper than a change may be")
    func depth() async throws {
        try await withCistern { system in
            let deep = try await system.outcome("{\"a\":\(nestedArrays(127))}", id: "c1")
            #expect(deep == "applied")
            let deeper = #"[{"op":"add","path":"/b","value":{}},{"op":"move","from":"/a","path":"/b/a"}]"#
            #expect(try await system.outcome(deeper, .patch, id: "c2") == "too-deep")
        }
    }
}
