import Documents
import SystemSupport
import Testing

@Suite("Push: preconditions", .timeLimit(.minutes(20)))
struct PreconditionTests {
    @Test("If-Match applies a change only to the version it names, however that is quoted")
    func ifMatch() async throws {
        try await withCistern { system in
            #expect(try await system.outcome("{}", id: "c0", headers: [("If-Match", "*")]) == "precondition-failed")
            #expect(try await system.outcome(#"{"n":1}"#, id: "c1", headers: [("If-None-Match", "*")]) == "applied")
            #expect(
                try await system.outcome(#"{"n":9}"#, id: "c2", headers: [("If-None-Match", "*")])
                    == "precondition-failed")
            let epoch = try #require(try await system.get("/v1/apps/board").member("epoch")?.stringValue)
            // Rejected changes have moved the position to 3 and left the version at 2.
            let state = try await system.settled()
            #expect(state.version == "\(epoch)-2")
            #expect(state.position == "\(epoch)-3")
            #expect(
                try await system.outcome(#"{"n":2}"#, id: "c3", headers: [("If-Match", "\"\(epoch)-2\"")]) == "applied")
            #expect(try await system.outcome(#"{"n":3}"#, id: "c4", headers: [("If-Match", "\(epoch)-4")]) == "applied")
            #expect(
                try await system.outcome(#"{"n":4}"#, id: "c5", headers: [("If-Match", "W/\"\(epoch)-5\"")])
                    == "applied")
            #expect(
                try await system.outcome(#"{"n":5}"#, id: "c6", headers: [("If-Match", "\(epoch)-5")])
                    == "precondition-failed")
            #expect(
                try await system.outcome(#"{"n":5}"#, id: "c7", headers: [("If-Match", "another-6")])
                    == "precondition-failed")
            #expect(try await system.outcome(#"{"n":5}"#, id: "c8", headers: [("If-Match", "*")]) == "applied")
            #expect(try await system.settled().text == #"{"n":5}"#)
            let reason = try await system.get("/v1/apps/board/changes/c6").member("reason")
            #expect(reason?["status"]?.integerValue == 412)
        }
    }

    @Test("Of many changes that name the same version, one is applied")
    func race() async throws {
        try await withCistern { system in
            let first = try await system.push(#"{"n":0}"#, id: "c0")
            let version = try #require(first.position)
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 1...20 {
                    group.addTask {
                        try await system.outcome(
                            #"{"n":\#(number)}"#, id: "c\(number)", headers: [("If-Match", version)])
                    }
                }
                return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(outcomes == ["applied": 1, "precondition-failed": 19])
        }
    }
}
