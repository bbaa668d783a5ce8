import ChangeLog
import Fold
import Redis
import TestSupport
import Testing
import WebhookQueue
import Webhooks

@Suite("Deliveries in Redis", .timeLimit(.minutes(2)))
struct DeliveryTests {
    @Test("An event becomes a delivery once, whoever finds it how often")
    func once() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            try store.happen("c1")
            try store.happen("c2")
            let slice = try await store.queue.events(in: store.home)
            #expect(slice.events.map(\.type) == [.changeRejected, .changeRejected])
            func deliveries() -> [NewDelivery] {
                slice.events.map { event in
                    NewDelivery(
                        id: DeliveryID(partition: store.home.number, event: event.id, to: hook.name),
                        webhook: hook.name,
                        event: event, isSkipped: false)
                }
            }
            #expect(try await store.queue.look(at: store.home).hasEvents)
            #expect(try await store.queue.fanOut(deliveries(), of: slice, in: store.home) == 2)
            // Another courier that has read the same comes too late; the same without a cursor makes nothing new.
            #expect(try await store.queue.fanOut(deliveries(), of: slice, in: store.home) == nil)
            #expect(try await store.queue.fanOut(deliveries(), of: nil, in: store.home) == 0)
            #expect(try await !store.queue.look(at: store.home).hasEvents)
            #expect(try await store.queue.events(in: store.home).isEmpty)
            let claimed = try await store.claim(hook)
            #expect(claimed.count == 2 && Set(claimed.map(\.id)).count == 2)
            let bodies = claimed.map { String(decoding: $0.body, as: UTF8.self) }.sorted()
            #expect(bodies[0].contains(#""id":"c1""#) && bodies[0].contains(#""type":"change.rejected""#))
        }
    }

    @Test("Two couriers that read the same events: one of them moves the cursor, and none is passed over")
    func cursor() async throws {
        try await withStore { store in
            try store.happen("c1")
            let first = try await store.queue.events(in: store.home)
            try store.happen("c2")
            let second = try await store.queue.events(in: store.home)
            #expect(second.events.count == 2)
            #expect(try await store.queue.fanOut([], of: first, in: store.home) == 0)
            #expect(try await store.queue.fanOut([], of: second, in: store.home) == nil)
            #expect(try await store.queue.events(in: store.home).events.count == 1)
        }
    }

    @Test(
        "A delivery is with one courier at a time; when its lease runs out, the next one sends the same, and the first has no say"
    )
    func leases() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            let id = try await store.make("e1", for: hook)
            let first = try #require(try await store.claim(hook).first)
            #expect(first.id == id && first.attempt == 1)
            #expect(try await store.claim(hook).isEmpty)
            #expect(try await store.status(id) == .delivering)
            try store.advance(to: .seconds(31))
            let second = try #require(try await store.claim(hook).first)
            #expect(second.id == id && second.attempt == 2 && second.body == first.body && second.token != first.token)
            #expect(try await !store.settle(first, .dead))
            #expect(try await store.status(id) == .delivering)
            #expect(try await store.settle(second, .succeeded, .answered(status: 204, retryAfter: nil)))
            #expect(try await !store.settle(second, .dead))
            #expect(try await store.status(id) == .succeeded)
            try store.advance(to: .seconds(70))
            #expect(try await store.claim(hook).isEmpty)
        }
    }

    @Test("What failed waits for its time, and is told with all its attempts")
    func retries() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            let id = try await store.make("e1", for: hook)
            for (attempt, pause) in [(1, 5), (2, 300)] {
                let claimed = try #require(try await store.claim(hook).first)
                #expect(claimed.attempt == attempt)
                #expect(
                    try await store.settle(
                        claimed, .retry(after: .seconds(pause)), .answered(status: 500, retryAfter: nil)))
                #expect(try await store.status(id) == .retrying)
                let work = try await store.queue.look(at: store.home)
                #expect(work.webhooks.isEmpty)
                let due = try #require(work.nextDue)
                #expect(due <= .seconds(pause) && due > .seconds(pause - 3))
                try store.advance(to: .seconds((attempt == 1 ? 0 : 6) + pause - 2))
                #expect(try await store.claim(hook).isEmpty)
                try store.advance(to: .seconds((attempt == 1 ? 0 : 6) + pause + 1))
                #expect(try await store.queue.look(at: store.home).webhooks == [hook.name])
            }
            // Given back, it does not count.
            let back = try #require(try await store.claim(hook).first)
            #expect(try await store.settle(back, .notMade(again: .zero)))
            #expect(try await store.status(id) == .retrying)
            let last = try #require(try await store.claim(hook).first)
            #expect(last.attempt == 3)
            #expect(try await store.settle(last, .dead, .refused))
            let (document, attempts) = try #require(try await store.queue.delivery(id))
            #expect(document.status == .dead && document.attempt == 3 && document.next == nil)
            #expect(attempts.map(\.end) == ["500", "500", "address-refused"] && attempts.map(\.attempt) == [1, 2, 3])
            #expect(attempts.allSatisfy { $0.duration == 7 })
        }
    }

    @Test(
        "That a delivery is failing is told after its fourth attempt, once; then that it arrived, or is dead; not of what tells it"
    )
    func troubles() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            func fail(_ event: String, _ type: EventType, times: Int, _ last: AttemptOutcome) async throws {
                try await store.make(event, for: hook, type: type)
                for _ in 0..<times {
                    let claimed = try #require(try await store.claim(hook).first)
                    #expect(try await store.settle(claimed, .retry(after: .zero)))
                }
                let claimed = try #require(try await store.claim(hook).first)
                #expect(try await store.settle(claimed, last))
            }
            try await fail("e1", .changeRejected, times: 3, .succeeded)
            #expect(try await store.eventTypes().isEmpty)
            try await fail("e2", .changeRejected, times: 6, .succeeded)
            #expect(try await store.eventTypes() == ["delivery.failing", "delivery.recovered"])
            try await fail("e3", .changeRejected, times: 0, .dead)
            #expect(try await store.eventTypes() == ["delivery.failing", "delivery.recovered", "delivery.dead"])
            try await fail("e4", .deliveryDead, times: 6, .dead)
            try await fail("e5", .webhookTest, times: 6, .dead)
            #expect(try await store.eventTypes().count == 3)
        }
    }

    @Test("What waits for a webhook that is disabled or deleted is over; what is being sent is left to its courier")
    func dropped() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            let ids = try await [store.make("e1", for: hook), store.make("e2", for: hook), store.make("e3", for: hook)]
            let claimed = try #require(try await store.claim(hook, most: 1).first)
            #expect(try await store.queue.drop(hook.name, as: .skipped, in: store.home) == 2)
            #expect(try await store.queue.drop(hook.name, as: .skipped, in: store.home) == 0)
            for id in ids { #expect(try await store.status(id) == (id == claimed.id ? .delivering : .skipped)) }
            #expect(try await store.settle(claimed, .retry(after: .seconds(60))))
            #expect(try await store.queue.drop(hook.name, as: .discarded, in: store.home) == 1)
            #expect(try await store.status(claimed.id) == .discarded)
            #expect(try await store.queue.look(at: store.home).nextDue == nil)
            // One that was made skipped waits for nobody.
            #expect(try await store.status(store.make("e4", for: hook, isSkipped: true)) == .skipped)
            #expect(try await store.claim(hook).isEmpty)
        }
    }

    @Test(
        "A replay sends the same bytes under the same id, not while the delivery is alive, and not when the bytes are gone"
    )
    func replays() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            let id = try await store.make("e1", for: hook)
            guard case .alive = try await store.queue.replay(id) else {
                throw TestSupportError("it was replayed alive")
            }
            let first = try #require(try await store.claim(hook).first)
            #expect(try await store.settle(first, .succeeded))
            guard case .again(let document) = try await store.queue.replay(id) else {
                throw TestSupportError("not again")
            }
            #expect(document.status == .pending && document.attempt == 0)
            let second = try #require(try await store.claim(hook).first)
            #expect(second.id == id && second.body == first.body && second.attempt == 1)
            #expect(try await store.settle(second, .dead))
            let late = try await store.make("e2", for: hook)
            let claimed = try #require(try await store.claim(hook).first)
            #expect(try await store.settle(claimed, .retry(after: .seconds(14 * 86_400))))
            try store.advance(to: .seconds(14 * 86_400 + 60))
            // It was tried for longer than its bytes are kept.
            #expect(try await store.claim(hook).isEmpty)
            #expect(try await store.status(late) == .dead)
            #expect(try await store.eventTypes().last == "delivery.dead")
            guard case .expired = try await store.queue.replay(id) else { throw TestSupportError("not expired") }
            try store.advance(to: .seconds(16 * 86_400 + 60))
            guard case .unknown = try await store.queue.replay(id) else { throw TestSupportError("not forgotten") }
        }
    }

    @Test(
        "A recovery begins anew what did not arrive; all of it, if that is wanted; nothing that is alive, of others or of other times"
    )
    func requeued() async throws {
        try await withStore { store in
            let (hook, other) = (try await store.hook(), try await store.hook("w2"))
            func end(_ event: String, _ outcome: AttemptOutcome, of webhook: Webhook) async throws {
                try await store.make(event, for: webhook)
                let claimed = try #require(try await store.claim(webhook).first)
                #expect(try await store.settle(claimed, outcome))
            }
            try await end("old", .dead, of: hook)
            try store.advance(to: .seconds(100))
            let now = try await store.registry.webhook(hook.id).now
            try await end("dead", .dead, of: hook)
            try await end("arrived", .succeeded, of: hook)
            try await end("theirs", .dead, of: other)
            try await store.make("skipped", for: hook, isSkipped: true)
            try await store.make("alive", for: hook)
            func requeue(_ all: Bool, skipping: Int = 0) async throws -> (looked: Int, again: Int) {
                try await store.queue.requeue(
                    hook.name, since: now - 1_000, until: now + 60_000, skipping: skipping, includingArrived: all,
                    in: store.home)
            }
            let missed = try await requeue(false)
            #expect(missed == (5, 2))
            #expect(try await requeue(false, skipping: 5) == (0, 0))
            #expect(try await store.claim(hook).count == 3)
            #expect(try await requeue(true).again == 1)
            #expect(try await store.claim(other).isEmpty)
        }
    }

    @Test("Nothing is kept for ever, and a partition keeps no more than it may")
    func bounds() async throws {
        try await withStore { store in
            let hook = try await store.hook()
            let id = try await store.make("e1", for: hook)
            let claimed = try #require(try await store.claim(hook).first)
            #expect(try await store.settle(claimed, .succeeded))
            for kind in ["hook-delivery:\(id)", "hook-attempts:\(id)", "hook-payload:e1"] {
                let left =
                    try store.redis.command("PTTL", store.key(kind)).split(whereSeparator: \.isNewline).first ?? ""
                #expect(!left.contains("-") && left.contains { $0.isNumber }, "\(kind) \(left)")
            }
            // As if there were as many as may be, all older.
            _ = try store.redis.command(
                "EVAL",
                "for i = 1, 20000 do redis.call('ZADD', KEYS[1], redis.call('TIME')[1] * 1000 - 1000, 'x' .. i) end",
                "1",
                store.key("hook-index"))
            try await store.make("e2", for: hook)
            let count = try store.redis.command("ZCARD", store.key("hook-index"))
            #expect(count.contains("20001"), "\(count)")
            #expect(try await store.status(store.make("e3", for: hook)) == .pending)
        }
    }

    @Test("Deliveries are listed, the newest first, page by page, of one webhook or status")
    func lists() async throws {
        try await withStore { store in
            let (hook, other) = (try await store.hook(), try await store.hook("w2"))
            for number in 0..<5 {
                try store.advance(to: .seconds(number))
                try await store.make("e\(number)", for: hook)
            }
            try await store.make("theirs", for: other, isSkipped: true)
            let now = try await store.registry.webhook(hook.id).now
            var question = DeliveryQuestion(webhook: hook.id, status: nil, since: 0, until: now + 1, most: 3)
            let first = try await store.queue.deliveries(question, in: store.home)
            #expect(first.found.map(\.event) == ["e4", "e3", "e2"] && first.completeSince > 0)
            question.until = first.completeSince - 1
            let second = try await store.queue.deliveries(question, in: store.home)
            #expect(second.found.map(\.event) == ["e1", "e0"] && second.completeSince == 0)
            question = DeliveryQuestion(webhook: nil, status: .skipped, since: 0, until: now + 1, most: 3)
            #expect(try await store.queue.deliveries(question, in: store.home).found.map(\.event) == ["theirs"])
        }
    }
}
