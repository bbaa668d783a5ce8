import ChangeLog
import Fold
import TestSupport
import Testing

@Suite("Sequenced ids", .timeLimit(.minutes(2)))
struct SequenceTests {
    @Test("A client's changes are taken in its order only")
    func order() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log
            #expect(try await log.push(change("c~2")) == .refused(.clientUnknown))
            #expect(try await log.push(change("c~1")) == .appended(position: 1))
            #expect(try await log.push(change("c~3")) == .refused(.outOfOrder(expected: 2)))
            #expect(try await log.push(change("c~2")) == .appended(position: 2))
            #expect(try await log.push(change("d~1")) == .appended(position: 3))
            #expect(try await log.push(change("c~3")) == .appended(position: 4))
            #expect(try await log.push(change("c~9007199254740991")) == .refused(.outOfOrder(expected: 4)))
        }
    }

    @Test("In one call too, and a gap does not stop what stands behind it")
    func inOneCall() async throws {
        try await withStore { (store: Store) async throws in
            let outcomes = try await store.log.push([
                change("c~1"), change("c~2"), change("c~4"), change("c~3"), change("c~1"), change("c~4"),
                change("c~4", "{}"),
            ])
            #expect(
                outcomes == [
                    .appended(position: 1), .appended(position: 2), .refused(.outOfOrder(expected: 3)),
                    .appended(position: 3),
                    .known(position: 1, .pending), .appended(position: 4), .refused(.mismatch(position: 4)),
                ])
        }
    }

    @Test("The last one is compared and has its position; of an older one the last one's is an upper bound")
    func repeats() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("c~1"), change("c~2"), change("c~3")])
            #expect(try await store.log.push(change("c~3")) == .known(position: 3, .pending))
            #expect(try await store.log.push(change("c~3", "{}")) == .refused(.mismatch(position: 3)))
            #expect(try await store.log.push(change("c~1")) == .known(position: 3, .pending))
            #expect(try await store.log.push(change("c~2")) == .known(position: 3, .pending))
            var hand = Hand(store)
            try await hand.work()
            #expect(try await store.log.push(change("c~1")) == .known(position: 3, .applied))
            #expect(try await store.log.head().tail == 3)
        }
    }

    @Test("A rejected change keeps its own position and reason after others have followed")
    func rejections() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push([change("c~1"), impossible("c~2"), change("c~3")])
            var hand = Hand(store)
            try await hand.work()
            let rejected = ChangeStatus.rejected(Rejection(.pathNotFound, operation: 0, pointer: "/nowhere"))
            #expect(try await store.log.push(impossible("c~2")) == .known(position: 2, rejected))
            #expect(try await store.log.push(change("c~2")) == .refused(.mismatch(position: 2)))
            let epoch = try await store.log.head().epoch
            #expect(
                try await store.log.status(of: changeID("c~2"), in: board)
                    == .known(PositionToken(epoch: epoch, number: 2), rejected))
            #expect(
                try await store.log.status(of: changeID("c~1"), in: board)
                    == .known(PositionToken(epoch: epoch, number: 3), .applied))
            #expect(try await store.log.status(of: changeID("c~4"), in: board) == .unknown)
        }
    }

    @Test("A client that was idle for too long is unknown, and begins again at 1")
    func expiry() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log { $0.clientLifetime = .milliseconds(30) }
            try await log.push([change("c~1"), change("c~2")])
            try await eventually("the client's record expires") {
                try store.redis.command("EXISTS", store.key("client", "board:c")) == "0"
            }
            #expect(try await log.push(change("c~3")) == .refused(.clientUnknown))
            #expect(try await log.push(change("c~2")) == .refused(.clientUnknown))
            #expect(try await log.push(change("c~1", "{}")) == .appended(position: 3))
        }
    }

    @Test("Every change renews the life of its client's record, a repeat does not make a second one")
    func renewal() async throws {
        try await withStore { (store: Store) async throws in
            try await store.log.push(change("c~1"))
            _ = try store.redis.command("PEXPIRE", store.key("client", "board:c"), "5000")
            try await store.log.push(change("c~2"))
            let left = Int(try store.redis.command("PTTL", store.key("client", "board:c"))) ?? 0
            #expect(left > 29 * 24 * 60 * 60 * 1_000)
            #expect(try store.redis.command("EXISTS", store.key("changes", "board:0")) == "0")
        }
    }

    @Test("After a deletion the numbers go on, and those from before stay refused")
    func deletion() async throws {
        try await withStore { (store: Store) async throws in
            let log = store.log
            try await log.push([change("c~1"), change("c~2")])
            #expect(try await log.delete(board) == .deleted)
            #expect(try await log.push(change("c~1")) == .refused(.deleted))
            #expect(try await log.push(change("c~2")) == .refused(.deleted))
            #expect(try await log.look(at: board) == nil)
            #expect(try await log.push(change("c~4")) == .refused(.outOfOrder(expected: 3)))
            #expect(try await log.push(change("c~3")) == .appended(position: 1))
            #expect(try await log.push(change("c~2")) == .refused(.deleted))
            #expect(try await log.status(of: changeID("c~1"), in: board) == .deleted)
            #expect(try await log.push(change("c~4")) == .appended(position: 2))
            #expect(try await log.push(change("c~3")) == .known(position: 2, .pending))
            #expect(try await log.head().tail == 2)
        }
    }
}
