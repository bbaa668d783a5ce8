import Documents
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: who gets which", .timeLimit(.minutes(2)))
struct ClaimTests {
    @Test("First by priority, then in the order in which they were made")
    func order() async throws {
        try await withStore { store in
            for (id, priority) in [("a", 5), ("b", 5), ("c", 9), ("d", 0), ("e", 9)] {
                try await store.queue.make(id, #"{"kind":"export","priority":\#(priority)}"#)
            }
            let ids = try await store.queue.claims(10).map { "\($0.document.id)" }
            #expect(ids == ["c", "e", "a", "b", "d"])
        }
    }

    @Test("Applications and kinds take turns")
    func turns() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            for number in 1...6 { try await queue.make("a\(number)", of: application("busy")) }
            for number in 1...2 { try await queue.make("b\(number)", of: application("calm")) }
            for number in 1...2 { try await queue.make("c\(number)", #"{"kind":"import"}"#, of: application("calm")) }
            let ids = try await queue.claims(10, kinds: [kind("export"), kind("import")]).map { "\($0.document.id)" }
            #expect(ids == ["a1", "c1", "b1", "c2", "a2", "b2", "a3", "a4", "a5", "a6"])
        }
    }

    @Test("Only what is of the wanted kinds and applications, and each once")
    func wanted() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            try await queue.make("a")
            try await queue.make("a", of: application("other"))
            try await queue.make("b", #"{"kind":"import"}"#)
            #expect(try await queue.claims(10, of: [application("none")]).isEmpty)
            let other = try await queue.claims(10, of: [application("other")])
            #expect(other.map { "\($0.document.application)" } == ["other"])
            #expect(try await queue.claims(10).map { "\($0.document.application)" } == ["board"])
            #expect(try await queue.claims(10).isEmpty)
        }
    }

    @Test("Many workers at once get each operation once")
    func once() async throws {
        try await withStore(partitions: 1) { store in
            for number in 1...100 { try await store.queue.make("a\(number)") }
            let ids = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 1...40 {
                    group.addTask { try await store.queue.claims(3).map { "\($0.document.id)" } }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(ids.count == 100 && Set(ids).count == 100)
        }
    }

    @Test("What is for later is claimed from then on, and a claim says when that is")
    func later() async throws {
        try await withStore { store in
            let queue = store.queue
            let soon = try await queue.make("now").now + 10_000
            _ = try await queue.claimOne()
            let text = RFC3339.string(milliseconds: soon)
            try await queue.make("later", #"{"kind":"export","not_before":"\#(text)"}"#)
            let answer = try await queue.claim(
                in: queue.partition(of: board), by: try WorkerID("w"), kinds: [kind("export")], of: nil, most: 1,
                lease: .seconds(30))
            #expect(answer.operations.isEmpty)
            let wait = try #require(answer.nextDue)
            #expect(wait > .seconds(5) && wait <= .seconds(10))
            #expect(try await queue.see("later").retryAfter >= 5)
            try store.advance(to: .seconds(11))
            #expect(try await queue.claims().map { "\($0.document.id)" } == ["later"])
        }
    }
}
