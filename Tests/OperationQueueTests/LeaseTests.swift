import Documents
import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: leases", .timeLimit(.minutes(2)))
struct LeaseTests {
    @Test("An operation whose worker is not heard of goes to the next one, and dies with its last attempt")
    func crashes() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a")
            for attempt in 1...3 {
                let claimed = try await queue.claimOne()
                #expect(claimed.document.attempt == attempt)
                #expect(try await queue.claims().isEmpty)
                try store.advance(to: .seconds(31 * attempt))
            }
            // Nobody claims: who looks finds out.
            let dead = try await queue.see("a")
            #expect(dead.status == .dead && dead.error?["code"]?.stringValue == "lease-expired")
            #expect(try await queue.claims().isEmpty)
        }
    }

    @Test("Whoever looks first settles a lease that has run out, and nobody else's word counts from then on")
    func fenced() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a")
            let first = try await queue.claimOne()
            try store.advance(to: .seconds(31))
            let beat = try Heartbeat(json("{}"))
            #expect(try await queue.heartbeat(beat, for: name("a"), token: first.token).tag == "lease-lost")
            #expect(try await queue.see("a").status == .queued)
            let second = try await queue.claimOne()
            #expect(second.token != first.token && second.document.attempt == 2)
            #expect(
                try await queue.succeed(name("a"), token: first.token, mediaType: "a/b", result: []).tag == "lease-lost"
            )
            #expect(try await queue.fail(failure(), for: name("a"), token: first.token).tag == "lease-lost")
            #expect(try await queue.giveBack(name("a"), token: first.token).tag == "lease-lost")
            #expect(try await queue.heartbeat(beat, for: name("a"), token: "2-made-up").tag == "lease-lost")
            #expect(try await queue.heartbeat(beat, for: name("a"), token: second.token).tag == "done")
            #expect(
                try await queue.succeed(name("a"), token: second.token, mediaType: "a/b", result: []).tag == "done")
            #expect(try await queue.heartbeat(beat, for: name("none"), token: second.token).tag == "unknown")
        }
    }

    @Test("Heartbeats keep the lease, tell how far it is, and leave something for the next attempt")
    func heartbeats() async throws {
        try await withStore { store in
            let queue = store.queue
            let made = try await queue.make("a")
            let claimed = try await queue.claimOne()
            for seconds in [20, 40, 60] {
                try store.advance(to: .seconds(seconds))
                let beat = try Heartbeat(json(#"{"progress":{"percent":\#(seconds)},"checkpoint":[\#(seconds)]}"#))
                guard case .done(let answer) = try await queue.heartbeat(beat, for: name("a"), token: claimed.token)
                else { throw TestSupportError("the lease is lost") }
                #expect(!answer.isCancelRequested)
                #expect(answer.leaseEnd >= made.created + UInt64(seconds + 30) * 1_000)
            }
            #expect(try await queue.see("a").progress?["percent"]?.integerValue == 60)
            // Without progress nothing is new to anybody.
            let before = try await queue.see("a").etag
            _ = try await queue.heartbeat(Heartbeat(json(#"{"extend_s":5}"#)), for: name("a"), token: claimed.token)
            #expect(try await queue.see("a").etag == before)
            try store.advance(to: .seconds(66))
            let next = try await queue.claimOne()
            #expect(next.checkpoint == Array("[60]".utf8) && next.document.attempt == 2)
        }
    }

    @Test("The end of a lease is answered alike as often as it is told")
    func repeats() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a")
            var token = try await queue.claimOne().token
            for expected in ["done", "known", "known"] {
                let answer = try await queue.giveBack(name("a"), token: token)
                #expect(answer.tag == expected)
            }
            token = try await queue.claimOne().token
            #expect(try await queue.see("a").attempt == 1)
            var times: Set<UInt64?> = []
            for expected in ["done", "known"] {
                let answer = try await queue.fail(failure(), for: name("a"), token: token)
                #expect(answer.tag == expected)
                switch answer {
                case .done(let ending), .known(let ending): times.insert(ending.nextAttempt)
                case .leaseLost, .gone, .unknown: break
                }
            }
            #expect(times.count == 1 && times.first != .some(nil))
            #expect(try await queue.giveBack(name("a"), token: token).tag == "lease-lost")
            try store.advance(to: .seconds(2))
            token = try await queue.claimOne().token
            for (result, expected) in [([1], "done"), ([1], "known"), ([2], "lease-lost")] as [([UInt8], String)] {
                let answer = try await queue.succeed(name("a"), token: token, mediaType: "a/b", result: result)
                #expect(answer.tag == expected)
            }
            #expect(
                try await queue.succeed(name("a"), token: token, mediaType: "a/c", result: [1]).tag == "lease-lost")
            guard case .found(let outcome) = try await queue.outcome(of: name("a")) else {
                throw TestSupportError("there is no result")
            }
            #expect(outcome.result == [1] && outcome.document.result?.mediaType == "a/b")
        }
    }

    @Test("A failure is tried again after a pause that grows, unless it cannot help; the last attempt is the last")
    func failures() async throws {
        try await withStore { store in
            let queue = store.queue
            try await queue.make("a", #"{"kind":"export","attempts":3}"#)
            var offset = 0
            for pause in [1, 2] {
                let claimed = try await queue.claimOne()
                guard case .done(let ending) = try await queue.fail(failure(), for: name("a"), token: claimed.token)
                else { throw TestSupportError("the lease is lost") }
                #expect(ending.nextAttempt == ending.document.now + UInt64(pause) * 1_000)
                #expect(try await queue.claims().isEmpty)
                offset += pause + 1
                try store.advance(to: .seconds(offset))
            }
            let last = try await queue.claimOne()
            guard case .done(let ending) = try await queue.fail(failure(), for: name("a"), token: last.token) else {
                throw TestSupportError("the lease is lost")
            }
            #expect(ending.nextAttempt == nil && ending.document.status == .dead)
            #expect(ending.document.error?["code"]?.stringValue == "x")
            try await queue.make("b")
            let report = try failure(#"{"error":{"code":"bad"},"retryable":false}"#)
            let token = try await queue.claimOne().token
            _ = try await queue.fail(report, for: name("b"), token: token)
            #expect(try await queue.see("b").status == .failed)
        }
    }

    @Test("A cancellation ends what waits, and is told to who works; what is done first counts")
    func cancellation() async throws {
        try await withStore { store in
            let queue = store.queue
            let beat = try Heartbeat(json("{}"))
            for id in ["waits", "gives", "fails", "done", "silent"] { try await queue.make(id) }
            #expect(try await queue.cancel(name("waits")).tag == "alive cancelled")
            #expect(try await queue.cancel(name("waits")).tag == "over cancelled")
            var tokens: [String: String] = [:]
            for claimed in try await queue.claims(10) { tokens["\(claimed.document.id)"] = claimed.token }
            #expect(tokens.count == 4)
            for (id, token) in tokens {
                #expect(try await queue.cancel(name(id)).tag == "alive cancelling")
                #expect(try await queue.cancel(name(id)).tag == "alive cancelling")
                guard case .done(let answer) = try await queue.heartbeat(beat, for: name(id), token: token) else {
                    throw TestSupportError("the lease is lost")
                }
                #expect(answer.isCancelRequested)
            }
            _ = try await queue.giveBack(name("gives"), token: tokens["gives"] ?? "")
            _ = try await queue.fail(failure(), for: name("fails"), token: tokens["fails"] ?? "")
            _ = try await queue.succeed(name("done"), token: tokens["done"] ?? "", mediaType: "a/b", result: [])
            try store.advance(to: .seconds(31))
            for (id, status) in [
                ("gives", .cancelled), ("fails", .cancelled), ("done", .succeeded), ("silent", .cancelled),
            ] as [(String, OperationStatus)] {
                let document = try await queue.see(id)
                #expect(document.status == status && document.isCancelRequested, "\(id)")
                #expect((document.error == nil) == (status == .succeeded))
            }
            #expect(try await queue.claims(10).isEmpty)
        }
    }
}
