import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@Suite("Publishing and checkpoints", .timeLimit(.minutes(2)))
struct PublishingTests {
    @Test("A change is pending until its position is published, then applied or rejected with its reason")
    func status() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), impossible("b")])
            let epoch = try await store.log.head().epoch
            func status(_ id: String) async throws -> StatusAnswer {
                try await store.log.status(of: changeID(id), in: board)
            }
            #expect(try await status("a") == .known(PositionToken(epoch: epoch, number: 1), .pending))
            #expect(try await status("b") == .known(PositionToken(epoch: epoch, number: 2), .pending))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await status("a") == .known(PositionToken(epoch: epoch, number: 1), .applied))
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            #expect(try await status("b") == .known(PositionToken(epoch: epoch, number: 2), .rejected(rejection)))
            #expect(try await store.log.push(impossible("b")) == .known(position: 2, .rejected(rejection)))
            #expect(try await store.log.push(impossible("b")) == .known(position: 2, .rejected(rejection)))
            #expect(try await status("c") == .unknown)
        }
    }

    @Test("The life of a record is not made longer by its rejection, which is written where the record stands")
    func keepTimeToLive() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(impossible("a"))
            _ = try store.redis.command("PEXPIRE", store.key("changes", "board:0"), "60000")
            var hand = Hand(store)
            try await hand.work()
            let left = Int(try store.redis.command("PTTL", store.key("changes", "board:0"))) ?? 0
            #expect((1...60_000).contains(left))
            #expect(try store.redis.command("EXISTS", store.key("changes", "board:1")) == "0")
        }
    }

    @Test("A rejection with line breaks in its pointer comes back as it was")
    func strangePointer() async throws {
        try await withStore { (store: Store) async throws in
            let patch = #"[{"op":"remove","path":"/a b\nc\r\n\u0000é"}]"#
            try await store.log.push(change("a", patch, .jsonPatch))
            var hand = Hand(store)
            try await hand.work()
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/a b\nc\r\n\u{0}é")
            #expect(
                try await store.log.push(change("a", patch, .jsonPatch)) == .known(position: 1, .rejected(rejection)))
        }
    }

    @Test("Nobody publishes beyond the log, or in another epoch")
    func refusals() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), change("b")])
            let epoch = try await store.log.head().epoch
            let other = try #require(Epoch("other"))
            func merged(_ epoch: Epoch, from: UInt64, to position: UInt64) async throws -> PublishAnswer {
                try await store.log.merged(
                    board, from: from, to: PositionToken(epoch: epoch, number: position), version: position,
                    stateBytes: 2,
                    rejections: [])
            }
            #expect(try await merged(epoch, from: 0, to: 3) == .stale)
            #expect(try await merged(other, from: 0, to: 2) == .stale)
            #expect(try await store.log.head().merged == 0)
            #expect(try await merged(epoch, from: 0, to: 2) == .done)
            #expect(try await store.log.delete(board) == .deleted)
            #expect(try await merged(epoch, from: 0, to: 2) == .gone)
        }
    }

    @Test("Whoever does not know the rejections since what was published may not skip them")
    func from() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([impossible("a"), change("b")])
            let epoch = try await store.log.head().epoch
            let answer = try await store.log.merged(
                board, from: 1, to: PositionToken(epoch: epoch, number: 2), version: 2, stateBytes: 7, rejections: [])
            #expect(answer == .stale)
            #expect(try await store.log.head().merged == 0)
            var hand = Hand(store)
            try await hand.work()
            #expect(
                try await store.log.push(impossible("a"))
                    == .known(position: 1, .rejected(Rejection(.pathNotFound, operation: 0, pointer: "/nowhere"))))
        }
    }

    @Test("What is published never goes back, and a slower daemon is not refused")
    func upwardsOnly() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            var slow = Hand(store)
            try await slow.fold()
            try await store.log.push(change("b", #"{"b":2}"#))
            var fast = Hand(store)
            try await fast.work()
            let head = try await store.log.head()
            #expect(try await slow.merge() == .done)
            #expect(try await store.log.head() == head)
        }
    }

    @Test("A checkpoint is never beyond what is published")
    func checkpointBeyondMerged() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("a"), impossible("b")])
            var hand = Hand(store)
            try await hand.fold()
            #expect(try await hand.checkpoint() == .stale)
            #expect(try await store.log.head().base == 0)
            #expect(try await hand.merge() == .done)
            #expect(try await hand.checkpoint() == .done)
        }
    }

    @Test("A checkpoint takes exactly its own changes off the log, and only an empty log leaves the dirty set")
    func trimming() async throws {
        try await withStore { (store: Store) async throws in
            let partition = store.log.partition(of: board)
            try await store.log.push([change("a"), change("b")])
            var hand = Hand(store)
            try await hand.work()
            try await store.log.push(change("c", #"{"c":3}"#))
            #expect(try await hand.checkpoint() == .done)
            let slice = try #require(try await store.log.read(board, after: nil))
            #expect(slice.base == 2 && slice.tail == 3)
            #expect(slice.entries.compactMap { LogEntry($0)?.id.description } == ["c"])
            #expect(try await store.log.dirtyApplications(in: partition) == ["board"])
            try await hand.work()
            #expect(try await store.log.dirtyApplications(in: partition) == ["board"])
            #expect(try await hand.checkpoint() == .done)
            #expect(try await store.log.dirtyApplications(in: partition).isEmpty)
            #expect(try store.redis.command("LLEN", store.key("log", "board")) == "0")
            #expect(hand.text == #"{"a":1,"c":3}"#)
        }
    }

    @Test("A late checkpoint of an earlier position changes nothing")
    func lateCheckpoint() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            var slow = Hand(store)
            try await slow.work()
            try await store.log.push(change("b", #"{"b":2}"#))
            var fast = Hand(store)
            try await fast.work(checkpoint: true)
            let head = try await store.log.head()
            #expect(try await slow.checkpoint() == .done)
            #expect(try await store.log.head() == head)
            var reader = Hand(store)
            try await reader.fold()
            #expect(reader.text == #"{"a":1,"b":2}"#)
        }
    }

    @Test("A checkpoint of another creation is refused")
    func otherCreation() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("a"))
            var old = Hand(store)
            try await old.work()
            #expect(try await store.log.delete(board) == .deleted)
            #expect(try await old.checkpoint() == .gone)
            try await store.log.push(change("b", #"{"b":2}"#))
            #expect(try await old.merge() == .stale)
            #expect(try await old.checkpoint() == .stale)
            var fresh = Hand(store)
            try await fresh.work(checkpoint: true)
            #expect(fresh.text == #"{"b":2}"#)
        }
    }
}
