import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: following by deltas", .timeLimit(.minutes(20)))
struct DeltaReplayTests {
    @Test(
        "Clients that take nothing but deltas have the state's bytes after every generated change",
        arguments: Ways.polls)
    func generated(_ lanes: String) async throws {
        var changes = GeneratedChanges(seed: 7)
        try await withCistern(.live(lanes: lanes)) { system in
            var copies = [Manipulation: ClientCopy]()
            let first = try await system.pushed(#"{"filling":"\#(mixedText(600))"}"#, id: "g~1")
            for manipulation in Manipulation.allCases {
                copies[manipulation] = ClientCopy()
                copies[manipulation]?.take(first)
            }
            for number in 2...150 {
                let change = changes.next()
                let state = try await system.pushed(change.text, change.type, id: "g~\(number)")
                for manipulation in Manipulation.allCases where number % 3 != 0 || manipulation == .jsonPatch {
                    let etag = copies[manipulation]?.etag ?? ""
                    copies[manipulation]?.take(
                        try await system.state(
                            headers: [("If-None-Match", etag), ("A-IM", manipulation.rawValue)]))
                    try #require(copies[manipulation]?.bytes == state.bytes, "\(number): \(change.text)")
                }
            }
            for manipulation in Manipulation.allCases {
                let copy = try #require(copies[manipulation])
                #expect(copy.violations == [])
                #expect(copy.patches > 50, "\(copy.patches) patches, \(copy.states) states")
            }
        }
    }

    @Test(
        "A recorded document that is followed by deltas only ends as the file did",
        .enabled(if: RecordedTraces.areThere, "no traces"),
        arguments: Ways.polls, Manipulation.allCases)
    func trace(_ lanes: String, _ manipulation: Manipulation) async throws {
        let trace = try #require(try RecordedTraces.all().first { $0.name == "pouchdb-package" })
        try await withCistern(.live(lanes: lanes)) { system in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for change in trace.changes {
                        let answer = try await system.push(change.text, change.type, id: change.id)
                        try #require(answer.status == 201, "\(change.id): \(answer.text.prefix(300))")
                    }
                }
                try await eventually("the first change is there") { try await system.state().status == 200 }
                var copy = ClientCopy()
                copy.take(try await system.state())
                while copy.version?.number != trace.changes.count {
                    copy.take(
                        try await system.state(
                            headers: [
                                ("If-None-Match", copy.etag ?? ""), ("A-IM", manipulation.rawValue),
                                ("Prefer", "wait=20"),
                            ]))
                    try #require(copy.violations == [])
                }
                try await group.waitForAll()
                #expect(copy.patches > copy.states, "\(copy.patches) patches, \(copy.states) states")
                let state = try await system.state()
                #expect(copy.bytes == state.bytes)
                #expect(try Document(parsing: copy.bytes ?? []) == trace.end)
            }
        }
    }
}
