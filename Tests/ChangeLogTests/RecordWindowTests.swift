import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

/// The hashes in which the records of single changes stand. Time passes by making their lives shorter.
@Suite("Windows of records", .timeLimit(.minutes(2)))
struct RecordWindowTests {
    /// In milliseconds: a record's life by default, for how long a window takes records, and how much longer it may stand.
    private static let life = (24 * 60 + 5) * 60_000
    private static let third = life / 3
    private static let slack = 10 * 60_000

    private func left(_ store: Store) throws -> [Int] {
        try (0..<4).map { Int(try store.redis.command("PTTL", store.key("changes", "board:\($0)"))) ?? 0 }
    }

    private func pass(_ milliseconds: Int, _ store: Store) throws {
        for (number, left) in try left(store).enumerated() where left >= 0 {
            try store.redis.command("PEXPIRE", store.key("changes", "board:\(number)"), "\(left - milliseconds)")
        }
    }

    private func size(_ window: Int, _ store: Store) throws -> Int {
        Int(try store.redis.command("HLEN", store.key("changes", "board:\(window)"))) ?? 0
    }

    @Test("A window is to live as long as its last record, and no application has more than four")
    func turns() async throws {
        try await withStore { (store: Store) async throws in
            for n in 0..<9 {
                try await store.log.push([change("a\(n)"), change("b\(n)")])
                let left = try left(store)
                let longest = Self.life + Self.third + Self.slack
                #expect((longest - 60_000...longest).contains(left[n % 4]))
                #expect(left.max() == left[n % 4])
                #expect(try size(n % 4, store) == 2)
                try pass(Self.third, store)
            }
            #expect(try store.redis.command("KEYS", "*changes:board*").split(separator: "\n").count == 4)
        }
    }

    @Test("A repeat is recognised in whichever window its record stands, and what the oldest one had is forgotten")
    func everyWindow() async throws {
        try await withStore { (store: Store) async throws in
            for n in 1...4 {
                if n > 1 { try pass(Self.third, store) }
                #expect(try await store.log.push(change("c\(n)")) == .appended(position: UInt64(n)))
            }
            #expect(try (0..<4).map { try size($0, store) } == [1, 1, 1, 1])
            let epoch = try await store.log.head().epoch
            for n: UInt64 in 1...4 {
                #expect(try await store.log.push(change("c\(n)")) == .known(position: n, .pending))
                #expect(try await store.log.push(change("c\(n)", "{}")) == .refused(.mismatch(position: n)))
                let status = try await store.log.status(of: changeID("c\(n)"), in: board)
                #expect(status == .known(PositionToken(epoch: epoch, number: n), .pending))
            }
            let repeats = try (1...4).map { try change("c\($0)") }
            #expect(try await store.log.push(repeats) == (1...4).map { .known(position: $0, .pending) })
            try pass(Self.third, store)
            #expect(try await store.log.push(change("c5")) == .appended(position: 5))
            #expect(try await store.log.push(change("c2")) == .known(position: 2, .pending))
            #expect(try await store.log.push(change("c1")) == .appended(position: 6))
        }
    }

    @Test("The last record of a window has all of its life, whatever is opened meanwhile")
    func wholeLife() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("first"))
            try pass(Self.third - 60_000, store)
            #expect(try await store.log.push(change("last")) == .appended(position: 2))
            #expect(try size(0, store) == 2)
            for n in 0..<3 {
                try pass(Self.third - 20_000, store)
                #expect(try await store.log.push(change("last")) == .known(position: 2, .pending))
                try await store.log.push(change("later-\(n)"))
            }
            #expect(try await store.log.push(change("last")) == .known(position: 2, .pending))
        }
    }

    @Test("With a longer lifetime no window is dropped before its records have had theirs")
    func longerLifetime() async throws {
        try await withStore { (store: Store) async throws in
            let short = store.log {
                $0.repeatWindow = .seconds(3_000)
                $0.clockTolerance = .zero
            }
            for n in 1...4 {
                if n > 1 { try pass(1_000_000, store) }
                try await short.push(change("c\(n)"))
            }
            #expect(try (0..<4).map { try size($0, store) } == [1, 1, 1, 1])
            #expect(try await store.log.push(change("d")) == .appended(position: 5))
            #expect(try (0..<4).map { try size($0, store) } == [1, 1, 1, 2])
            #expect(try left(store)[3] > Self.life)
            for n: UInt64 in 1...4 {
                #expect(try await store.log.push(change("c\(n)")) == .known(position: n, .pending))
            }
        }
    }

    @Test("A rejection is written into the window of its change, and of a numbered one into the present one")
    func rejections() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(impossible("r"))
            try pass(Self.third, store)
            try await store.log.push([change("a"), impossible("k~1")])
            var hand = Hand(store)
            try await hand.work()
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            #expect(try (0..<4).map { try size($0, store) } == [1, 2, 0, 0])
            #expect(try await store.log.push(impossible("r")) == .known(position: 1, .rejected(rejection)))
            #expect(try await store.log.push(impossible("k~1")) == .known(position: 3, .rejected(rejection)))
            let found = try await store.log.rejections(
                of: [(changeID("a"), 2), (changeID("r"), 1), (changeID("k~1"), 3), (changeID("r"), 2)], in: board)
            #expect(found == [nil, rejection, rejection, nil])
        }
    }

    @Test("Ids of a deleted application stay refused in every window")
    func deleted() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            try pass(Self.third, store)
            try await store.log.push(change("b"))
            #expect(try await store.log.delete(board) == .deleted)
            #expect(try await store.log.status(of: changeID("a"), in: board) == .deleted)
            #expect(
                try await store.log.push([change("a"), change("b"), change("c")]) == [
                    .refused(.deleted), .refused(.deleted), .appended(position: 1),
                ])
        }
    }

    @Test("More rejections at once than a command has room for are written down all the same")
    func manyRejections() async throws {
        try await withStore { (store: Store) async throws in
            for call in 0..<9 {
                try await store.log.push(try (0..<1_000).map { try impossible("r\(call)-\($0)") })
            }
            var hand = Hand(store)
            try await hand.work()
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            #expect(try await store.log.push(impossible("r0-0")) == .known(position: 1, .rejected(rejection)))
            #expect(try await store.log.push(impossible("r8-999")) == .known(position: 9_000, .rejected(rejection)))
        }
    }

    @Test("A Redis that stands still while it frees windows is told from one that does not", arguments: ["yes", "no"])
    func lazyFreeing(_ setting: String) async throws {
        try await withStore(options: ["lazyfree-lazy-expire": setting]) { (store: Store) async throws in
            #expect(try await RedisGuarantees.read(from: store.client).freesLazily == (setting == "yes"))
        }
    }
}
