import ChangeLog
import Documents
import Fold
import Redis
import TestSupport
import Testing

@Suite("What daemons say of themselves", .timeLimit(.minutes(2)))
struct NoticeTests {
    private func health(_ store: Store) async throws -> [String: Int] {
        let notices = try await store.log.notices(on: .health)
        return Dictionary(
            uniqueKeysWithValues: notices.all.map { ($0.daemon, $0.document["n"]?.integerValue ?? -1) })
    }

    private func say(_ number: Int) -> Document { .object([("n", .integer(number))]) }

    @Test("The last word of each counts, until it says goodbye, and the two boards know nothing of each other")
    func lastWord() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log
            #expect(try await health(store) == [:])
            #expect(try await log.post(say(1), as: "a", on: .health))
            #expect(try await log.post(say(2), as: "b", on: .health))
            #expect(try await log.post(say(3), as: "a", on: .health))
            try await log.post(busiest: [Activity(board)], as: "c")
            #expect(try await health(store) == ["a": 3, "b": 2])
            let notices = try await log.notices(on: .health)
            #expect(notices.all.allSatisfy { $0.time <= notices.now && notices.age(of: $0) < .seconds(60) })
            try await log.post(nil, as: "a", on: .health)
            #expect(try await health(store) == ["b": 2])
        }
    }

    @Test("Who has been silent for long is not listed, and makes room for the next who comes")
    func silence() async throws {
        try await withStore { (store: Store) async throws in
            let key = RedisArgument.string("cistern:health")
            _ = try await store.client.send(RedisCommand("HSET", key, "old", "1000 {\"n\":1}", "odd", "what is this"))
            #expect(try await health(store) == [:])
            #expect(try await store.log.post(say(1), as: "a", on: .health))
            let left = try await store.client.send(RedisCommand("HKEYS", key))
            #expect(left.array?.compactMap(\.string) == ["a"])
            // All of it goes by itself once nobody says anything.
            let life = try await store.client.send(RedisCommand("PTTL", key)).integer ?? -1
            #expect((1...600_000).contains(life))
        }
    }

    @Test("Daemons that are started again and again under new names do not fill the memory")
    func bound() async throws {
        try await withStore { (store: Store) async throws in
            for number in 0..<1_000 {
                #expect(try await store.log.post(say(number), as: "d\(number)", on: .health))
            }
            #expect(try await !store.log.post(say(0), as: "one-more", on: .health))
            // Those that are listed already can go on.
            #expect(try await store.log.post(say(7), as: "d0", on: .health))
            #expect(try await health(store).count == 1_000)
        }
    }
}
