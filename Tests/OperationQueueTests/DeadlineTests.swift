import Documents
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: deadlines, and what is dead", .timeLimit(.minutes(2)))
struct DeadlineTests {
    private static func wish(_ deadlines: String, _ more: String = "") -> String {
        #"{"kind":"export","deadlines":{\#(deadlines)}\#(more)}"#
    }

    @Test("What does not begin in time is dead, and nobody gets it; what has begun has nothing to do with that")
    func start() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("begun", Self.wish(#""start_s":10"#))
            _ = try await queue.claimOne()
            try await queue.make("late", Self.wish(#""start_s":10"#))
            try store.advance(to: .seconds(11))
            #expect(try await queue.claims(10).isEmpty)
            let dead = try await queue.see("late")
            #expect(dead.status == .dead && dead.error?["deadline"]?.stringValue == "start_s")
            #expect(try await queue.see("begun").status == .running)
            try store.advance(to: .seconds(31))
            #expect(try await queue.claimOne().document.attempt == 2)
        }
    }

    @Test("An attempt ends with its time, however often its worker is heard of, and counts")
    func attempt() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a", Self.wish(#""attempt_s":60"#, #","attempts":2"#))
            for attempt in 1...2 {
                let claimed = try await queue.claimOne()
                let first = (attempt - 1) * 61
                for second in [20, 40, 55] {
                    try store.advance(to: .seconds(first + second))
                    let beat = try Heartbeat(json("{}"))
                    guard case .done(let answer) = try await queue.heartbeat(beat, for: name("a"), token: claimed.token)
                    else { throw TestSupportError("the lease is lost") }
                    #expect(answer.leaseEnd <= claimed.document.now + 60_000)
                }
                try store.advance(to: .seconds(first + 61))
            }
            let dead = try await queue.see("a")
            #expect(dead.status == .dead && dead.error?["code"]?.stringValue == "attempt-timeout")
        }
    }

    @Test("In all it takes no longer than it may: a lease ends with it, and no attempt begins behind it")
    func total() async throws {
        try await withStore { store in
            let queue = store.queue
            for id in ["waits", "works", "fails"] {
                try await queue.make(id, Self.wish(#""total_s":20"#, #","priority":\#(id == "waits" ? 0 : 5)"#))
            }
            let works = try await queue.claimOne()
            #expect(works.leaseEnd <= works.document.created + 20_000)
            let fails = try await queue.claimOne()
            let report = try failure(#"{"error":{"code":"x"},"retryable":true,"retry_after_s":30}"#)
            guard case .done(let ending) = try await queue.fail(report, for: name("fails"), token: fails.token) else {
                throw TestSupportError("the lease is lost")
            }
            #expect(ending.nextAttempt == nil && ending.document.status == .dead)
            try store.advance(to: .seconds(21))
            for id in ["waits", "works"] {
                let dead = try await queue.see(id)
                #expect(dead.status == .dead && dead.error?["deadline"]?.stringValue == "total_s", "\(id)")
            }
            #expect(try await queue.claims(10).isEmpty)
        }
    }

    @Test("What is dead is tried again with all that it had, as often as at first; nothing else is")
    func retry() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a", Self.wish(#""total_s":100"#, #","attempts":1,"input":[7]"#))
            #expect(try await queue.retry(name("a")).tag == "refused queued")
            let claimed = try await queue.claimOne()
            _ = try await queue.heartbeat(Heartbeat(json(#"{"checkpoint":[3]}"#)), for: name("a"), token: claimed.token)
            _ = try await queue.fail(failure(), for: name("a"), token: claimed.token)
            let dead = try await queue.see("a")
            #expect(dead.status == .dead && dead.expires != nil)
            #expect(try await queue.retry(name("a"), ifRevision: "none").tag == "changed")
            try store.advance(to: .seconds(90))
            #expect(try await queue.retry(name("a")).tag == "retried queued")
            #expect(try await queue.retry(name("a")).tag == "refused queued")
            try store.advance(to: .seconds(150))
            let again = try await queue.claimOne()
            #expect(again.document.attempt == 1 && again.document.expires == nil)
            #expect(again.input == Array("[7]".utf8) && again.checkpoint == Array("[3]".utf8))
            #expect(again.token != claimed.token)
            _ = try await queue.succeed(name("a"), token: again.token, mediaType: "a/b", result: [1])
            #expect(try await queue.retry(name("a")).tag == "refused succeeded")
            #expect(try await queue.retry(name("none")).tag == "unknown")
        }
    }

    @Test("What is tried again lives as long as any other, and counts among those that are not over")
    func retriedLives() async throws {
        var settings = OperationSettings()
        settings.alive = 1
        try await withStore(settings: settings) { store in
            let queue = store.queue
            try await queue.make("a", #"{"kind":"export","attempts":1}"#)
            _ = try await queue.fail(failure(), for: name("a"), token: queue.claimOne().token)
            try await queue.make("b")
            #expect(try await queue.retry(name("a")).tag == "full")
            _ = try await queue.cancel(name("b"))
            #expect(try await queue.retry(name("a")).tag == "retried queued")
            #expect(try await queue.create(request(), as: name("c")).tag == "full")
            try store.advance(to: queue.settings.keeping + .seconds(10))
            #expect(try await queue.see("a").status == .queued)
            #expect(try await queue.claims().count == 1)
        }
    }

    @Test("What is over is kept for as long as was said when it was made")
    func keeping() async throws {
        var settings = OperationSettings()
        settings.keeping = .seconds(60)
        try await withStore(settings: settings) { store in
            try await store.queue.make("a")
            // Whoever ends it may say otherwise.
            let other = OperationQueue(log: store.log)
            _ = try await other.cancel(name("a"))
            try store.advance(to: .seconds(59))
            #expect(try await other.see("a").status == .cancelled)
            try store.advance(to: .seconds(62))
            #expect(try await other.cancel(name("a")).tag == "gone")
        }
    }
}
