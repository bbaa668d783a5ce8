import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@Suite("Appending", .timeLimit(.minutes(2)))
struct AppendTests {
    @Test("Changes get the positions 1, 2, 3 and stand in the log in this order")
    func positions() async throws {
        try await withStore { (store: Store) async throws in
            for n in 1...3 {
                #expect(try await store.log.push(change("c\(n)", #"{"n":\#(n)}"#)) == .appended(position: UInt64(n)))
            }
            let slice = try #require(try await store.log.read(board, after: nil))
            let entries = try slice.entries.map { try #require(LogEntry($0)) }
            #expect(entries.map(\.id.description) == ["c1", "c2", "c3"])
            #expect(
                entries.map { String(decoding: $0.body, as: UTF8.self) } == [#"{"n":1}"#, #"{"n":2}"#, #"{"n":3}"#])
            #expect(entries.allSatisfy { $0.time > 1_600_000_000_000 && $0.condition == .none })
        }
    }

    @Test("A repeat of the same change gets its position again, another change under its id is told which one has it")
    func repeats() async throws {
        try await withStore { (store: Store) async throws in
            #expect(try await store.log.push(change("a")) == .appended(position: 1))
            #expect(try await store.log.push(change("b")) == .appended(position: 2))
            #expect(try await store.log.push(change("a", #" { "a" : 1.0 } "#)) == .known(position: 1, .pending))
            #expect(try await store.log.push(change("a", #"{"a":2}"#)) == .refused(.mismatch(position: 1)))
            #expect(
                try await store.log.push(change("a", #"{"a":1}"#, if: .somethingApplied))
                    == .refused(.mismatch(position: 1)))
            #expect(try await store.log.head().tail == 2)
        }
    }

    @Test("The same id twice in one call is a repeat, or a mismatch")
    func repeatsInOneCall() async throws {
        try await withStore { (store: Store) async throws in
            let outcomes = try await store.log.push([
                change("a"), change("a"), change("b"), change("a", #"{"other":1}"#), change("b"),
            ])
            #expect(
                outcomes == [
                    .appended(position: 1), .known(position: 1, .pending), .appended(position: 2),
                    .refused(.mismatch(position: 1)), .known(position: 2, .pending),
                ])
            #expect(try await store.log.head().tail == 2)
        }
    }

    @Test(
        "Repeats in one call are told their positions behind what was there before, whatever the entries between look like"
    )
    func repeatsInOneCallBehindOthers() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("x"), change("y"), change("z")])
            let precondition = Precondition.version(VersionToken(epoch: try await store.log.head().epoch, number: 1))
            let outcomes = try await store.log.push([
                change("x"), change("a", if: precondition), change("c~1"), change("y", "{}"), change("b"),
                change("a", if: precondition), change("a"), change("c~1"), change("c~1", "{}"), change("b"),
                change("b", #"{"a":2}"#),
            ])
            #expect(
                outcomes == [
                    .known(position: 1, .pending), .appended(position: 4), .appended(position: 5),
                    .refused(.mismatch(position: 2)), .appended(position: 6), .known(position: 4, .pending),
                    .refused(.mismatch(position: 4)), .known(position: 5, .pending), .refused(.mismatch(position: 5)),
                    .known(position: 6, .pending), .refused(.mismatch(position: 6)),
                ])
            let slice = try #require(try await store.log.read(board, after: nil))
            let ids = try slice.entries.map { try #require(LogEntry($0)).id.description }
            #expect(ids == ["x", "y", "z", "a", "c~1", "b"])
        }
    }

    @Test("Of a call that is all or none, a refusal leaves nothing behind")
    func allOrNone() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let head = try await store.log.head()
            let batch = [try change("b"), try change("a"), try change("a", "{}"), try change("c")]
            #expect(
                try await store.log.append(batch, to: board, allOrNone: true)
                    == .refused(head.epoch, index: 2, .mismatch(position: 1)))
            #expect(try await store.log.head() == head)
            #expect(try await store.log.status(of: changeID("b"), in: board) == .unknown)
            #expect(
                try await store.log.push([change("b"), change("a")], allOrNone: true) == [
                    .appended(position: 2), .known(position: 1, .pending),
                ])
        }
    }

    @Test("A first call that is refused makes no application")
    func nothingMade() async throws {
        try await withStore { (store: Store) async throws in
            let answer = try await store.log.append([change("a"), change("c~2")], to: board, allOrNone: true)
            guard case .refused(_, index: 1, .clientUnknown) = answer else {
                Issue.record("answered \(answer)")
                return
            }
            #expect(try await store.log.push(change("c~2")) == .refused(.clientUnknown))
            #expect(try await store.log.look(at: board) == nil)
            #expect(try await store.log.applications(prefix: "", after: nil, limit: 10).isEmpty)
        }
    }

    @Test("Two applications do not know each other's changes")
    func twoApplications() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            #expect(try await store.log.push(change("a"), to: id("one")) == .appended(position: 1))
            #expect(try await store.log.push(change("a", "{}"), to: id("two")) == .appended(position: 1))
            let epochs = [try await store.log.head(of: id("one")).epoch, try await store.log.head(of: id("two")).epoch]
            #expect(epochs[0] != epochs[1])
        }
    }

    @Test("A condition keeps its number if its epoch is the application's, and never holds if it is another")
    func conditions() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let epoch = try await store.log.head().epoch
            let other = try #require(Epoch("other"))
            try await store.log.push([
                change("b", if: .version(VersionToken(epoch: epoch, number: 1))),
                change("c", if: .version(VersionToken(epoch: other, number: 1))),
                change("d", if: .somethingApplied), change("e", if: .nothingApplied),
            ])
            let slice = try #require(try await store.log.read(board, after: nil))
            let conditions = slice.entries.map { LogEntry($0)?.condition }
            #expect(
                conditions == [FoldCondition.none, .version(number: 1), .never, .somethingApplied, .version(number: 0)])
        }
    }

    @Test("Thousand changes fit into one call")
    func largestCall() async throws {
        try await withStore { (store: Store) async throws in
            let changes = try (1...ChangeLog.maximumChangesPerAppend).map { try change("c~\($0)") }
            let outcomes = try await store.log.push(changes)
            #expect(outcomes == (1...1_000).map { .appended(position: UInt64($0)) })
            #expect(try await store.log.push(changes) == (1...1_000).map { _ in .known(position: 1_000, .pending) })
        }
    }

    // MARK: Time in the id

    private static func uuid(_ milliseconds: UInt64) -> String {
        let time = String(milliseconds, radix: 16)
        let padded = String(repeating: "0", count: 12 - time.count) + time
        return "\(padded.prefix(8))-\(padded.suffix(4))-7000-8000-000000000001"
    }

    private func now(_ redis: TestRedis) throws -> UInt64 {
        let parts = try redis.command("TIME").split(separator: "\n").compactMap { UInt64($0) }
        return try #require(parts.first) * 1_000
    }

    @Test("A UUIDv7 from before the window or from the future is refused; within them it is taken")
    func timedIDs() async throws {
        try await withStore { (store: Store) async throws in
            let now = try now(store.redis)
            let day: UInt64 = 24 * 60 * 60 * 1_000
            let minute: UInt64 = 60_000
            let log = store.log
            #expect(try await log.push(change(Self.uuid(now - day - minute))) == .refused(.tooOld))
            #expect(try await log.push(change(Self.uuid(now + 6 * minute))) == .refused(.fromTheFuture))
            #expect(try await log.push(change(Self.uuid(now - day + minute))) == .appended(position: 1))
            #expect(try await log.push(change(Self.uuid(now + 4 * minute))) == .appended(position: 2))
            #expect(try await log.push(change(Self.uuid(0))) == .refused(.tooOld))
        }
    }

    @Test(
        "A repeat of something accepted gets its position even when its id has become too old and the backlog is full")
    func knownBeforeTooOld() async throws {
        try await withStore { (store: Store) async throws in
            let old = Self.uuid(try now(store.redis) - 60_000)
            #expect(try await store.log.push(change(old)) == .appended(position: 1))
            let strict = store.log {
                $0.repeatWindow = .seconds(1)
                $0.backlogChanges = 1
            }
            #expect(try await strict.push(change(old)) == .known(position: 1, .pending))
            #expect(try await strict.push(change(old, "{}")) == .refused(.mismatch(position: 1)))
            #expect(try await strict.push(change(Self.uuid(try now(store.redis) - 50_000))) == .refused(.tooOld))
            #expect(try await strict.push(change("fresh")) == .refused(.backlogFull))
        }
    }

    // MARK: Backlog

    @Test("A backlog full by count refuses new changes and no repeats, and is free again once merged")
    func backlogByCount() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log { $0.backlogChanges = 3 }
            #expect(
                try await log.push([change("a"), change("b"), change("c"), change("d"), change("a")]) == [
                    .appended(position: 1), .appended(position: 2), .appended(position: 3), .refused(.backlogFull),
                    .known(position: 1, .pending),
                ])
            let refused = try await log.append([change("a"), change("d")], to: board, allOrNone: true)
            #expect(refused == .refused(try await log.head().epoch, index: 1, .backlogFull))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await log.push(change("d")) == .appended(position: 4))
        }
    }

    @Test("A backlog full by bytes is free again once there is a checkpoint")
    func backlogByBytes() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log { $0.backlogBytes = 1_000 }
            let large = #"{"a":"\#(String(repeating: "x", count: 600))"}"#
            #expect(try await log.push(change("a", large)) == .appended(position: 1))
            #expect(try await log.push(change("b", large)) == .refused(.backlogFull))
            #expect(try await log.push(change("c")) == .appended(position: 2))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await log.push(change("b", large)) == .refused(.backlogFull))
            #expect(try await hand.checkpoint() == .done)
            #expect(try await log.head().logBytes == 0)
            #expect(try await log.push(change("b", large)) == .appended(position: 3))
        }
    }

    @Test("The logs of a partition have a bound together; what one application gives back another may take")
    func partitionBytes() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            let log = store.log { $0.partitionBytes = 1_500 }
            let other = id("other")
            let large = #"{"a":"\#(String(repeating: "x", count: 600))"}"#
            #expect(try await log.push(change("a", large)) == .appended(position: 1))
            #expect(try await log.push(change("a", large), to: other) == .appended(position: 1))
            #expect(try await log.push(change("b", large)) == .refused(.partitionFull))
            #expect(try await log.push(change("b", large), to: other) == .refused(.partitionFull))
            #expect(try await log.push(change("b", large), to: id("third")) == .refused(.partitionFull))
            #expect(try await log.push(change("c"), to: other) == .appended(position: 2))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await hand.checkpoint() == .done)
            #expect(try await log.push(change("b", large), to: other) == .appended(position: 3))
            #expect(try await log.push(change("b", large)) == .refused(.partitionFull))
            #expect(try await log.delete(other) == .deleted)
            #expect(try await log.push(change("b", large)) == .appended(position: 2))
            #expect(try await log.push(change("c", large)) == .appended(position: 3))
            #expect(try await log.push(change("d", large)) == .refused(.partitionFull))
            // Another generation counts anew, and not twice.
            try store.redis.command("HSET", store.key("server"), "life", "x y z")
            #expect(try await log.push(change("d", large)) == .refused(.partitionFull))
            #expect(try await log.delete(board) == .deleted)
            for name in ["e", "f"] { #expect(try await log.push(change(name, large)) != .refused(.partitionFull)) }
            #expect(try await log.push(change("g", large)) == .refused(.partitionFull))
        }
    }

    @Test("A Redis whose memory is full refuses for now, and nothing is done")
    func memoryFull() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            let another = try change("b")
            try store.redis.command("CONFIG", "SET", "maxmemory", "1")
            let error = await #expect(throws: LogError.self) {
                _ = try await store.log.append([another], to: board, allOrNone: false)
            }
            guard case .unavailable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try #require(try await store.log.read(board, after: nil)).tail == 1)
            try store.redis.command("CONFIG", "SET", "maxmemory", "0")
            #expect(try await store.log.push(another) == .appended(position: 2))
        }
    }

    @Test("A partition that remembers as many single changes as it may takes numbered ones and repeats only")
    func recordsFull() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            let log = store.log { $0.repeatRecords = 2 }
            #expect(
                try await log.push([change("a"), change("c~1"), change("b"), change("d"), change("c~2")]) == [
                    .appended(position: 1), .appended(position: 2), .appended(position: 3), .refused(.recordsFull),
                    .appended(position: 4),
                ])
            #expect(try await log.push(change("a")) == .known(position: 1, .pending))
            #expect(try await log.push(change("x"), to: id("other")) == .refused(.recordsFull))
            #expect(try await log.repeatRecords(in: Partition(number: 0)) == 2)
        }
    }

    @Test("The records of several calls add up in their hour")
    func recordsOfAnHour() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            for n in 1...3 { try await store.log.push([change("a\(n)"), change("b\(n)")]) }
            let counted = try store.redis.command("HVALS", store.key("records")).split(separator: "\n").map(String.init)
            // The hour itself, the total, and that of the hour; or of two, if one has just ended.
            let ofHours = counted.compactMap { Int($0) }.filter { $0 < 100 }.reduce(0, +)
            #expect(ofHours == 12)
        }
    }

    @Test("Records count until the hour is over in which their window has expired at the latest")
    func recordsExpire() async throws {
        try await withStore(partitions: 1) { (store: Store) async throws in
            let log = store.log { $0.repeatRecords = 3 }
            try await log.push([change("a"), change("b")])
            let key = store.key("records")
            let hour = Int(try now(store.redis) / 3_600_000)
            // 24 hours and five minutes, a third of it, and ten minutes reach into 33 hours before this one.
            for (age, isCounted) in [(33, true), (34, false)] {
                try store.redis.command("DEL", key)
                try store.redis.command("HSET", key, "hour", "\(hour - 1)", "total", "3", "\(hour - age)", "3")
                let outcome = try await log.push(change("age-\(age)"))
                #expect((outcome == .refused(.recordsFull)) == isCounted)
            }
            #expect(try store.redis.command("HEXISTS", key, "\(hour - 34)") == "0")
        }
    }

    // MARK: Many at once

    @Test("200 tasks that append the same change at once get one position")
    func sameChangeAtOnce() async throws {
        try await withStore { (store: Store) async throws in
            let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
                for _ in 0..<200 { group.addTask { try await store.log.push(change("a")) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == .appended(position: 1) }.count == 1)
            #expect(outcomes.filter { $0 == .known(position: 1, .pending) }.count == 199)
            #expect(try await store.log.head().tail == 1)
        }
    }

    @Test("50 clients with 100 changes each get positions without gaps, each client's in its order")
    func manyClients() async throws {
        try await withStore { (store: Store) async throws in
            let positions = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for client in 0..<50 {
                    group.addTask {
                        var mine: [UInt64] = []
                        for number in 1...100 {
                            guard
                                case .appended(let position) = try await store.log.push(change("k\(client)~\(number)"))
                            else {
                                throw TestSupportError("client \(client) was refused at \(number)")
                            }
                            mine.append(position)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(positions.allSatisfy { $0 == $0.sorted() })
            #expect(positions.joined().sorted() == Array(1...5_000))
            #expect(try await store.log.head().tail == 5_000)
        }
    }
}
