import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Push: what an accepted change is answered with", .timeLimit(.minutes(20)))
struct PushTests {
    @Test("A new change is created, with its position in header, body and receipt")
    func created() async throws {
        try await withCistern { system in
            let answer = try await system.push(#"{"a":1}"#, id: "c1")
            let epoch = try #require(answer.member("epoch")?.stringValue)
            #expect(answer.status == 201)
            #expect(answer["Location"] == "/v1/apps/board/changes/c1")
            #expect(answer["Content-Type"] == "application/json")
            #expect(answer.position == "\(epoch)-1")
            let body =
                #"{"app":"board","epoch":"\#(epoch)","id":"c1","position":1,"#
                + #""receipt":"\#(epoch)-1","status":"pending"}"#
            #expect(answer.text == body)
            let next = try await system.push(#"{"a":2}"#, id: "c2")
            #expect(next.position == "\(epoch)-2")
            let there = try await system.get(try #require(answer["Location"]))
            #expect(there.member("receipt")?.stringValue == "\(epoch)-1")
        }
    }

    @Test("A repeat is answered 200 with the first one's position and today's status")
    func repeated() async throws {
        try await withCistern { system in
            let first = try await system.push(#"{"a":1,"b":[1.0,"\u0041"]}"#, id: "c1")
            try await system.untilMerged()
            // Equal by JSON value: other order of members, other spelling of a number, no escape, white space.
            let second = try await system.push(#" {"b": [1, "A"], "a": 1.0} "#, id: "c1")
            #expect(second.status == 200)
            #expect(second.position == first.position)
            #expect(second["Location"] == first["Location"])
            #expect(second.member("status")?.stringValue == "applied")
            // `application/json` means a merge patch too.
            let asJSON = try await system.send(
                "PUT", "/v1/apps/board/changes/c1", headers: [("Content-Type", "application/json; charset=UTF-8")],
                body: Array(#"{"a":1,"b":[1,"A"]}"#.utf8))
            #expect(asJSON.status == 200)
            #expect(try await system.settled().version == first.position)
        }
    }

    @Test("The same id with another value, kind or precondition is refused with the first one's position")
    func reused() async throws {
        try await withCistern { system in
            let first = try await system.push("[]", .patch, id: "c1")
            let epoch = try #require(first.member("epoch")?.stringValue)
            let others = [
                try await system.push(#"[{"op":"test","path":"","value":{}}]"#, .patch, id: "c1"),
                try await system.push("[]", .merge, id: "c1"), try await system.push("[]", .cistern, id: "c1"),
                try await system.push("[]", .patch, id: "c1", headers: [("If-None-Match", "*")]),
                try await system.push("[]", .patch, id: "c1", headers: [("If-Match", "\(epoch)-0")]),
            ]
            for other in others {
                #expect(other.refusal == "409 change-id-reused")
                #expect(other.member("position")?.stringValue == first.position)
            }
            #expect(try await system.push("[]", .patch, id: "c1").status == 200)
        }
    }

    @Test("Of the same change sent many times at once, one is created and all have its position")
    func concurrently() async throws {
        try await withCistern(.split) { system in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await system.push(#"[{"op":"increment","path":"/n","value":1}]"#, .cistern, id: "c1")
                    }
                }
                return try await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 201 }.count == 1)
            #expect(answers.filter { $0.status == 200 }.count == 39)
            #expect(Set(answers.map(\.position)).count == 1)
            #expect(try await system.settled().text == #"{"n":1}"#)
        }
    }

    @Test("With return=minimal there is no body, for a new change and for a repeat, and the headers say all")
    func minimal() async throws {
        try await withCistern { system in
            for status in ["new", "repeat"] {
                let answer = try await system.push("{}", id: "c1", headers: [("Prefer", "return=minimal")])
                #expect(answer.status == 204, "\(status)")
                #expect(answer.bytes.isEmpty)
                #expect(answer["Location"] == "/v1/apps/board/changes/c1")
                #expect(answer.position?.hasSuffix("-1") == true)
                #expect(answer["Preference-Applied"] == "return=minimal")
            }
            let waited = try await system.push(
                "{}", id: "c2", headers: [("Prefer", "return=minimal"), ("Prefer", "wait=20")])
            #expect(waited.status == 204)
            #expect(waited["Preference-Applied"] == "return=minimal, wait=20")
            #expect(try await system.get("/v1/apps/board/changes/c2").member("status")?.stringValue == "applied")
        }
    }

    @Test("With return=minimal a change that is known to be rejected has a body all the same")
    func minimalRejected() async throws {
        try await withCistern { system in
            let patch = #"[{"op":"test","path":"/a","value":1}]"#
            let answer = try await system.push(
                patch, .patch, id: "c1", headers: [("Prefer", "return=minimal, wait=20")])
            #expect(answer.status == 201)
            #expect(answer.member("status")?.stringValue == "rejected")
            #expect(answer["Preference-Applied"] == "wait=20")
            let again = try await system.push(patch, .patch, id: "c1", headers: [("Prefer", "return=minimal")])
            #expect(again.status == 200)
            #expect(again.member("reason")?["type"]?.stringValue == answer.member("reason")?["type"]?.stringValue)
            #expect(again.member("reason") != nil)
        }
    }

    @Test("With wait the answer says what became of the change, and that it was waited for")
    func wait() async throws {
        try await withCistern(.split) { system in
            let applied = try await system.push(#"{"a":1}"#, id: "c1", headers: [("Prefer", "wait=20")])
            #expect(applied.status == 201)
            #expect(applied.member("status")?.stringValue == "applied")
            #expect(applied["Preference-Applied"] == "wait=20")
            let rejected = try await system.push(
                #"[{"op":"replace","path":"/a","value":2},{"op":"test","path":"/a","value":1}]"#, .patch, id: "c2",
                headers: [("Prefer", "wait=20")])
            #expect(rejected.status == 201)
            #expect(rejected.member("status")?.stringValue == "rejected")
            let reason = try #require(rejected.member("reason"))
            #expect(reason["type"]?.stringValue == "/problems/test-failed")
            #expect(reason["status"]?.integerValue == 422)
            #expect(reason["pointer"]?.stringValue == "/a")
            #expect(reason["operation"]?.integerValue == 1)
            #expect(try await system.settled().text == #"{"a":1}"#)
            // A proxy's or client's long wait is capped, not refused.
            let capped = try await system.push("{}", id: "c3", headers: [("Prefer", "wait=600")])
            #expect(capped["Preference-Applied"] == "wait=60")
        }
    }

    @Test("A wait that ends without an outcome says pending, up to a tenth early and never late")
    func waitInVain() async throws {
        try await withCistern { system in
            system.merger.kill()
            let start = ContinuousClock.now
            let answer = try await system.push("{}", id: "c1", headers: [("Prefer", "wait=1")])
            let time = ContinuousClock.now - start
            #expect(answer.status == 201)
            #expect(answer.member("status")?.stringValue == "pending")
            #expect(time > .milliseconds(890) && time < .seconds(3), "\(time)")
        }
    }

    @Test("A change that waits while its application is deleted was dropped, and the append has succeeded")
    func dropped() async throws {
        try await withCistern { system in
            system.merger.kill()
            async let waiting = system.push("{}", id: "c1", headers: [("Prefer", "wait=30")])
            try await eventually("the change is there") {
                try await system.get("/v1/apps/board/changes/c1").status == 200
            }
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            let answer = try await waiting
            #expect(answer.status == 201)
            #expect(answer.member("status")?.stringValue == "dropped")
        }
    }

    @Test("A change's outcome can be asked for, and waited for")
    func outcome() async throws {
        try await withCistern(.split) { system in
            system.merger.kill()
            let pushed = try await system.push(#"{"a":1}"#, id: "c1")
            let pending = try await system.get("/v1/apps/board/changes/c1")
            #expect(pending.status == 200)
            #expect(pending.text == pushed.text)
            #expect(pending.position == pushed.position)
            async let waited = system.get("/v1/apps/board/changes/c1", headers: [("Prefer", "wait=30")])
            try await system.merger.launch()
            let answer = try await waited
            #expect(answer.member("status")?.stringValue == "applied")
            #expect(answer["Preference-Applied"] == "wait=30")
            #expect(try await system.get("/v1/apps/board/changes/c2").refusal == "404 unknown-change")
            #expect(try await system.get("/v1/apps/other/changes/c1").refusal == "404 unknown-change")
        }
    }
}
