import ChangeLog
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: made once, and ended", .timeLimit(.minutes(2)))
struct CreationTests {
    @Test("The same is made once, whatever becomes of it; other words under its id are refused")
    func once() async throws {
        try await withStore { store in
            let queue = store.queue
            let made = try await queue.make("a", #"{"kind":"export","input":{"x":1.0}}"#)
            #expect(made.status == .queued && made.attempt == 0 && made.attempts == 3)
            let again = try request(#"{ "input":{"x":1}, "kind":"export" }"#)
            #expect(try await queue.create(again, as: name("a")).tag == "known queued")
            #expect(try await queue.create(request(), as: name("a")).tag == "mismatch")
            let claimed = try await queue.claimOne()
            #expect(claimed.input == Array(#"{"x":1.0}"#.utf8) && claimed.checkpoint.isEmpty)
            #expect(try await queue.create(again, as: name("a")).tag == "known running")
            _ = try await queue.succeed(name("a"), token: claimed.token, mediaType: "text/plain", result: [65])
            #expect(try await queue.create(again, as: name("a")).tag == "known succeeded")
            #expect(try await queue.claims().isEmpty)
        }
    }

    @Test("An id of which the operation is gone is not used again while that is remembered")
    func retirement() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a")
            #expect(try await queue.cancel(name("a"), deleting: true).tag == "alive cancelled")
            #expect(try await queue.cancel(name("a"), deleting: true).tag == "deleted")
            #expect(try await queue.cancel(name("a"), deleting: true).tag == "gone")
            #expect(try await queue.create(request(), as: name("a")).tag == "retired")
            #expect(try await queue.cancel(name("never")).tag == "unknown")
            // The end of its time, in place of a deletion.
            try await queue.make("b")
            _ = try await queue.cancel(name("b"))
            #expect(try await queue.see("b").expires != nil)
            try store.advance(to: OperationSettings().keeping + .seconds(1))
            #expect(try await queue.cancel(name("b")).tag == "gone")
            #expect(try await queue.create(request(), as: name("b")).tag == "retired")
            try store.advance(to: OperationSettings().keeping + store.queue.retirement + .seconds(1))
            #expect(try await queue.cancel(name("b")).tag == "unknown")
            #expect(try await queue.create(request(), as: name("b")).tag == "created")
        }
    }

    @Test("Nothing of an operation stays when it and its id are forgotten")
    func nothingStays() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            for id in ["a", "b", "c"] { try await queue.make(id) }
            _ = try await queue.succeed(name("a"), token: queue.claimOne().token, mediaType: "a/b", result: [])
            _ = try await queue.cancel(name("b"))
            _ = try await queue.cancel(name("c"), deleting: true)
            _ = try await queue.cancel(name("c"), deleting: true)
            #expect(try store.redis.command("HGETALL", "{c00}:operation-counts").contains("alive") == false)
            try store.advance(to: OperationSettings().keeping + store.queue.retirement + .seconds(2))
            try await eventually("only counters are left") {
                for id in ["a", "b", "c"] { _ = try await queue.look(at: name(id)) }
                _ = try await queue.claims()
                let keys = try store.redis.command("KEYS", "{c00}:operation*").split(separator: "\n").sorted()
                return keys == ["{c00}:operation-counts", "{c00}:operation-totals"]
            }
        }
    }

    @Test("As many may wait or be at work as the limit says; what is over does not count")
    func full() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a")
            let counts = "\(queue.partition(of: board).operations)-counts"
            try store.redis.command("HSET", counts, "alive:board", "\(OperationSettings().alive)")
            #expect(try await queue.create(request(), as: name("b")).tag == "full")
            #expect(try await queue.create(request(), as: name("a")).tag == "known queued")
            _ = try await queue.cancel(name("a"))
            #expect(try await queue.create(request(), as: name("b")).tag == "created")
        }
    }

    @Test("Who names a revision deletes only that")
    func revisions() async throws {
        try await withStore { store in
            let queue = store.queue
            let first = try await queue.make("a")
            _ = try await queue.cancel(name("a"))
            #expect(try await queue.cancel(name("a"), ifRevision: first.revision, deleting: true).tag == "changed")
            let now = try await queue.see("a")
            #expect(now.revision != first.revision && now.etag != first.etag)
            #expect(try await queue.cancel(name("a"), ifRevision: now.revision, deleting: true).tag == "deleted")
        }
    }

    @Test("A Redis that was started again is known again, and has what it had")
    func restart() async throws {
        try await withStore { store in
            try await store.queue.make("a")
            try await store.redis.restart()
            try await eventually("the operation is there") { try await store.queue.see("a").status == .queued }
            #expect(try await store.queue.claims().count == 1)
        }
    }
}
