import Documents
import SystemSupport
import Testing

@Suite("Push: changes that a client numbers", .timeLimit(.minutes(20)))
struct SequenceTests {
    private static let increment = #"[{"op":"increment","path":"/n","value":1}]"#

    @Test("Numbers go up by one; repeats are known, gaps are refused with the number that is expected")
    func numbers() async throws {
        try await withCistern { system in
            func push(_ id: String, _ change: String = Self.increment) async throws -> Answer {
                try await system.push(change, .cistern, id: id)
            }
            let unknown = try await push("k~2")
            #expect(unknown.refusal == "410 client-unknown")
            #expect(try await push("k~1").member("position")?.integerValue == 1)
            #expect(try await push("other~1").member("position")?.integerValue == 2)
            #expect(try await push("k~2").member("position")?.integerValue == 3)
            let gap = try await push("k~4")
            #expect(gap.refusal == "409 out-of-order")
            #expect(gap.member("expected")?.integerValue == 3)

            let last = try await push("k~2")
            #expect(last.status == 200)
            #expect(last.member("position")?.integerValue == 3)
            #expect(try await push("k~2", "[]").refusal == "409 change-id-reused")
            // Of older ones only an upper bound of the position is known, and not what they were.
            let older = try await push("k~1", "[]")
            #expect(older.status == 200)
            #expect(older.member("position")?.integerValue == 3)
            #expect(try await system.settled().text == #"{"n":3}"#)
        }
    }

    @Test("The outcome of a numbered change can be asked for, rejections of older ones too")
    func outcomes() async throws {
        try await withCistern { system in
            #expect(
                try await system.outcome(#"[{"op":"test","path":"","value":1}]"#, .patch, id: "k~1") == "test-failed")
            #expect(try await system.outcome(Self.increment, .cistern, id: "k~2") == "applied")
            let rejected = try await system.get("/v1/apps/board/changes/k~1")
            #expect(rejected.member("status")?.stringValue == "rejected")
            #expect(rejected.member("reason")?["type"]?.stringValue == "/problems/test-failed")
            #expect(try await system.get("/v1/apps/board/changes/k~2").member("status")?.stringValue == "applied")
            #expect(try await system.get("/v1/apps/board/changes/k~3").refusal == "404 unknown-change")
            #expect(
                try await system.outcome(#"[{"op":"test","path":"","value":1}]"#, .patch, id: "k~1") == "test-failed")
        }
    }

    @Test("One client's changes in one batch are taken in order, and refused with a gap")
    func batch() async throws {
        try await withCistern { system in
            func element(_ id: String) -> String {
                #"{"id":"\#(id)","type":"application/vnd.cistern.patch+json","change":\#(Self.increment)}"#
            }
            let taken = try await system.batch(
                "[\(element("k~1")),\(element("k~2")),\(element("k~1")),\(element("j~1"))]")
            #expect(taken.status == 200, "\(taken.text)")
            #expect(taken.json.elements.map { $0["created"]?.boolValue } == [true, true, false, true])
            let gap = try await system.batch("[\(element("k~3")),\(element("k~5"))]")
            #expect(gap.refusal == "409 out-of-order")
            #expect(gap.member("pointer")?.stringValue == "/1/id")
            #expect(gap.member("expected")?.integerValue == 4)
            #expect(try await system.settled().text == #"{"n":3}"#)
        }
    }
}
