import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@Suite("Reading", .timeLimit(.minutes(2)))
struct ReadingTests {
    @Test("Of an application that nobody pushed to there is nothing to read")
    func unknown() async throws {
        try await withStore { (store: Store) async throws in
            #expect(try await store.log.look(at: board) == nil)
            #expect(try await store.log.read(board, after: nil) == nil)
            #expect(try await store.log.status(of: changeID("a"), in: board) == .unknown)
            #expect(try await store.log.delete(board) == .unknown)
        }
    }

    @Test("A look tells where log and state are")
    func look() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), impossible("b")])
            var head = try await store.log.head()
            #expect(head.base == 0 && head.tail == 2 && head.merged == 0 && head.version == 0 && head.pending == 2)
            #expect(head.stateBytes == 2 && head.checkpointBytes == 0 && head.times.merged == 0)
            #expect(head.times.created > 0 && head.times.pushed >= head.times.created)
            let entries = try #require(try await store.log.read(board, after: nil)).entries
            #expect(head.logBytes == UInt64(entries.map(\.count).reduce(0, +)))
            var hand = Hand(store)
            try await hand.work()
            head = try await store.log.head()
            #expect(head.merged == 2 && head.version == 1 && head.pending == 0 && head.stateBytes == 7)
            #expect(head.times.merged >= head.times.pushed)
            #expect(try await hand.checkpoint() == .done)
            head = try await store.log.head()
            #expect(head.base == 2 && head.logBytes == 0 && head.checkpointBytes > 7)
        }
    }

    @Test("A read brings at most as many entries as asked for, from where the reader is")
    func bounds() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push((1...700).map { try change("c\($0)") })
            var replica = Replica(of: board, settings: store.settings)
            var sizes: [Int] = []
            while replica.place?.number != 700 {
                let slice = try #require(
                    try await store.log.read(
                        board, after: replica.place, bounds: ReadBounds(entries: 300, bytes: 1 << 20)))
                #expect(slice.from == replica.place?.number ?? 0)
                #expect(slice.tail == 700)
                sizes.append(slice.entries.count)
                _ = try replica.absorb(slice)
            }
            #expect(sizes == [300, 300, 100])
            let last = try #require(try await store.log.read(board, after: replica.place))
            #expect(last.entries.isEmpty && last.restart == nil)
        }
    }

    @Test("A read brings at most as many bytes as asked for, but always one entry")
    func bytes() async throws {
        try await withStore { (store: Store) async throws in
            let text = #"{"a":"\#(String(repeating: "x", count: 1_000))"}"#
            try await store.log.push((1...9).map { try change("c\($0)", text) })
            for (bytes, count) in [(1, 1), (1_000, 1), (2_500, 2), (5_500, 5), (1 << 20, 9)] {
                let slice = try #require(
                    try await store.log.read(board, after: nil, bounds: ReadBounds(entries: 100, bytes: bytes)))
                #expect(slice.entries.count == count, "\(bytes) bytes")
            }
        }
    }

    @Test("Small and large entries mixed come whole and in order, whatever the slices")
    func mixedSizes() async throws {
        try await withStore { (store: Store) async throws in
            let changes = try (1...600).map { n in
                try change("c\(n)", n % 97 == 0 ? #"{"a":"\#(String(repeating: "x", count: 70_000))"}"# : "{}")
            }
            try await store.log.push(changes)
            var ids: [String] = []
            var place: PositionToken?
            while ids.count < 600 {
                let slice = try #require(
                    try await store.log.read(board, after: place, bounds: ReadBounds(entries: 250, bytes: 100_000)))
                #expect(!slice.entries.isEmpty)
                #expect(slice.entries.count == 1 || slice.entries.map(\.count).reduce(0, +) <= 100_000)
                ids += slice.entries.compactMap { LogEntry($0)?.id.description }
                place = PositionToken(epoch: slice.epoch, number: UInt64(ids.count))
            }
            #expect(ids == changes.map(\.id.description))
        }
    }

    @Test("A reader in another epoch, behind the checkpoint or ahead of the log starts again from the checkpoint")
    func restarts() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a", #"{"a":1}"#), change("b", #"{"b":2}"#)])
            var hand = Hand(store)
            try await hand.work(checkpoint: true)
            try await store.log.push(change("c", #"{"c":3}"#))
            let epoch = try await store.log.head().epoch
            let other = try #require(Epoch("other"))
            let places: [PositionToken?] = [
                nil, PositionToken(epoch: other, number: 2), PositionToken(epoch: epoch, number: 1),
                PositionToken(epoch: epoch, number: 4),
            ]
            for place in places {
                let slice = try #require(try await store.log.read(board, after: place))
                #expect(slice.from == 2 && slice.base == 2 && slice.entries.count == 1)
                guard case .checkpoint(let checkpoint) = slice.restart else {
                    Issue.record("no checkpoint after \(String(describing: place))")
                    continue
                }
                #expect(String(decoding: checkpoint.state, as: UTF8.self) == #"{"a":1,"b":2}"#)
                var replica = Replica(of: board, settings: store.settings)
                #expect(try replica.absorb(slice).restarted)
                #expect(replica.state?.document.text == #"{"a":1,"b":2,"c":3}"#)
            }
            for number in [UInt64(2), 3] {
                let slice = try #require(
                    try await store.log.read(board, after: PositionToken(epoch: epoch, number: number)))
                #expect(slice.restart == nil && slice.from == number)
            }
        }
    }

    @Test("A replica drops a slice that was read from somewhere else and starts again")
    func misplacedSlice() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b")])
            let epoch = try await store.log.head().epoch
            let tail = try #require(try await store.log.read(board, after: PositionToken(epoch: epoch, number: 1)))
            var replica = Replica(of: board, settings: store.settings)
            _ = try replica.absorb(try #require(try await store.log.read(board, after: nil)))
            let progress = try replica.absorb(tail)
            #expect(progress.restarted && progress.folded == 0 && replica.place == nil)
        }
    }
}
