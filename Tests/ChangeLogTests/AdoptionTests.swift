import ChangeLog
import Fold
import Foundation
import Redis
import TestSupport
import Testing

/// Redis loses the end of its append-only file; the cache may know more.
@Suite("Adoption after a lost tail", .timeLimit(.minutes(2)))
struct AdoptionTests {
    private let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")

    /// Bytes of the append-only file at this moment.
    private func size(_ redis: TestRedis) throws -> Int {
        let path = try redis.appendOnlyFile()
        return (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    /// Makes Redis forget everything since its file had `size` bytes.
    private func lose(_ redis: TestRedis, since size: Int) async throws {
        redis.kill()
        try redis.cutAppendOnlyFile(bytes: try self.size(redis) - size)
        try await redis.launch()
    }

    @Test("Without a snapshot the lost changes are lost, in another epoch, and their ids are free again")
    func withoutSnapshot() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let epoch = try await store.log.head().epoch
            let size = try size(store.redis)
            try await store.log.push([change("b", #"{"b":2}"#), change("c~1")])
            try await lose(store.redis, since: size)
            let head = try await store.log.head()
            #expect(head.tail == 1 && head.epoch != epoch)
            #expect(try await store.log.push(change("a")) == .known(position: 1, .pending))
            #expect(try await store.log.push(change("b", #"{"b":2}"#)) == .appended(position: 2))
            #expect(try await store.log.push(change("c~1")) == .appended(position: 3))
        }
    }

    @Test("A snapshot that is ahead is adopted: state, repeats, rejections and clients' numbers are back")
    func adopted() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("c~1", #"{"c":1}"#)])
            var hand = Hand(store)
            try await hand.work()
            let before = try await store.log.head()
            let size = try size(store.redis)
            try await store.log.push([
                change("b", #"{"b":2}"#), impossible("r"), change("c~2", #"{"c":2}"#), impossible("c~3"),
                impossible("k~1"),
                change("k~2", #"{"k":2}"#),
            ])
            try await hand.work()
            let state = hand.text
            let stateBytes = try await store.log.head().stateBytes
            try await lose(store.redis, since: size)

            let head = try await store.log.head()
            #expect(head.epoch != before.epoch)
            #expect(head.base == 8 && head.tail == 8 && head.merged == 8 && head.version == 8 && head.logBytes == 0)
            #expect(head.stateBytes == stateBytes)
            #expect(try await store.log.dirtyApplications(in: store.log.partition(of: board)).isEmpty)
            let log = store.log
            #expect(try await log.push(change("a")) == .known(position: 1, .applied))
            #expect(try await log.push(change("b", #"{"b":2}"#)) == .known(position: 3, .applied))
            #expect(try await log.push(change("b", "{}")) == .refused(.mismatch(position: 3)))
            #expect(try await log.push(impossible("r")) == .known(position: 4, .rejected(rejection)))
            #expect(try await log.push(change("c~2", #"{"c":2}"#)) == .known(position: 6, .applied))
            #expect(try await log.push(impossible("c~3")) == .known(position: 6, .rejected(rejection)))
            #expect(try await log.push(impossible("k~1")) == .known(position: 7, .rejected(rejection)))
            #expect(try await log.push(change("k~2", #"{"k":2}"#)) == .known(position: 8, .applied))
            #expect(try await log.push(change("c~5")) == .refused(.outOfOrder(expected: 4)))
            #expect(try await log.push(change("c~4", #"{"c":4}"#)) == .appended(position: 9))
            #expect(try await log.push(change("k~3")) == .appended(position: 10))
            var reader = Hand(store)
            try await reader.fold()
            #expect(reader.replica.state?.position == 10)
            #expect(state == #"{"a":1,"b":2,"c":2,"k":2}"#)
            #expect(reader.text == #"{"a":1,"b":2,"c":4,"k":2}"#)
            #expect(try store.redis.command("HEXISTS", store.key("changes", "board:0"), "b") == "1")
            #expect(Int(try store.redis.command("PTTL", store.key("changes", "board:0"))) ?? 0 > 86_000_000)
        }
    }

    @Test("A rejection that Redis forgot though it kept the change is restored with the adopted snapshot")
    func rejectionOfKeptChange() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), impossible("r"), impossible("c~1")])
            // New records go into the next window from now on.
            try store.redis.command("PEXPIRE", store.key("changes", "board:0"), "3600000")
            let size = try size(store.redis)
            try await store.log.push(change("b", #"{"b":2}"#))
            var hand = Hand(store)
            try await hand.work()
            try await lose(store.redis, since: size)
            #expect(try await store.log.head().merged == 4)
            #expect(try await store.log.push(impossible("r")) == .known(position: 2, .rejected(rejection)))
            #expect(try await store.log.push(impossible("c~1")) == .known(position: 3, .rejected(rejection)))
            let windows = try ["r", "c~1", "b"].map { id in
                try (0...1).map { try store.redis.command("HEXISTS", store.key("changes", "board:\($0)"), id) }
            }
            #expect(windows == [["1", "0"], ["0", "1"], ["0", "1"]])
        }
    }

    @Test("A change whose entry nobody could read is no obstacle to adoption")
    func unreadableEntry() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b")])
            try store.redis.command("LSET", store.key("log", "board"), "1", "garbage")
            let size = try size(store.redis)
            try await store.log.push(change("c", #"{"c":3}"#))
            var hand = Hand(store)
            try await hand.work()
            try await lose(store.redis, since: size)
            #expect(try await store.log.head().tail == 3)
            #expect(try await store.log.push(change("c", #"{"c":3}"#)) == .known(position: 3, .applied))
            #expect(try store.redis.command("TYPE", store.key("server")) == "hash")
        }
    }

    @Test("A snapshot that is not ahead of the log changes nothing")
    func notAhead() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b", #"{"b":2}"#)])
            var hand = Hand(store)
            try await hand.work()
            try await store.redis.restart()
            let head = try await store.log.head()
            #expect(head.base == 0 && head.tail == 2)
            try await hand.work(checkpoint: true)
            #expect(hand.text == #"{"a":1,"b":2}"#)
        }
    }

    @Test("A snapshot from two lives ago is not believed")
    func olderEpoch() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let size = try size(store.redis)
            try await store.log.push([change("b", #"{"b":2}"#), change("c"), change("d")])
            var hand = Hand(store)
            try await hand.work()
            let snapshot = try #require(await store.shelf.snapshot(of: board))
            store.shelf.clear()
            try await lose(store.redis, since: size)
            // This life gives position 2 to another change.
            #expect(try await store.log.push(change("x", #"{"x":9}"#)) == .appended(position: 2))
            let later = try self.size(store.redis)
            try await store.log.push(change("y"))
            // It is ahead of what will be left, and its records reach back far enough.
            store.shelf.keep(snapshot)
            try await lose(store.redis, since: later)
            #expect(try await store.log.head().tail == 2)
            try await hand.fold()
            #expect(hand.text == #"{"a":1,"x":9}"#)
        }
    }

    @Test("A snapshot of an earlier creation is not believed")
    func earlierCreation() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b"), change("c")])
            var hand = Hand(store)
            try await hand.work()
            #expect(try await store.log.delete(board) == .deleted)
            try await store.log.push(change("x", #"{"x":9}"#))
            try await store.redis.restart()
            #expect(try await store.log.head().tail == 1)
            try await hand.fold()
            #expect(hand.text == #"{"x":9}"#)
        }
    }

    @Test(
        "A snapshot is believed exactly if its records reach back to what Redis knows to be published",
        arguments: [3, 2])
    func records(_ kept: Int) async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b")])
            var hand = Hand(store)
            try await hand.work()
            let size = try size(store.redis)
            try await store.log.push([change("c", #"{"c":3}"#), impossible("d"), change("e")])
            try await hand.work()
            var state = try #require(hand.replica.state)
            state.keepRecords(kept)
            store.shelf.keep(state.snapshot())
            try await lose(store.redis, since: size)
            let isBelieved = kept == 3
            #expect(try await store.log.head().tail == (isBelieved ? 5 : 2))
            #expect(
                try await store.log.push(change("c", #"{"c":3}"#))
                    == (isBelieved ? .known(position: 3, .applied) : .appended(position: 3)))
        }
    }

    @Test("Many that meet an application after a loss at once adopt it once, and append once")
    func atOnce() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let size = try size(store.redis)
            try await store.log.push(change("b", #"{"b":2}"#))
            var hand = Hand(store)
            try await hand.work()
            try await lose(store.redis, since: size)
            let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                for n in 0..<60 {
                    group.addTask { try await store.log.push(n % 2 == 0 ? change("b", #"{"b":2}"#) : change("n")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == .known(position: 2, .applied) }.count == 30)
            #expect(outcomes.filter { $0 == .appended(position: 3) }.count == 1)
            #expect(outcomes.filter { $0 == .known(position: 3, .pending) }.count == 29)
        }
    }
}
