import Documents
import Fold
import Testing
import WebhookQueue
import Webhooks

@testable import Delivering

@Suite("What may be sent to an endpoint")
struct LaneTests {
    private let start = ContinuousClock.now

    @Test("So many at a time, and one after another where the endpoint has too much to do")
    func places() {
        var lane = Lane()
        #expect(lane.take(upTo: 8, rate: nil, at: start) == .some(8))
        #expect(lane.take(upTo: 8, rate: nil, at: start) == .full)
        lane.giveBack(6, at: start)
        lane.ended(.retry(after: nil, slower: true), pause: .seconds(3), at: start)
        #expect(lane.take(upTo: 8, rate: nil, at: start) == .none(until: start + .seconds(3)))
        let later = start + .seconds(3)
        #expect(lane.take(upTo: 8, rate: nil, at: later) == .full)
        lane.ended(.retry(after: nil, slower: false), pause: nil, at: later)
        #expect(lane.take(upTo: 8, rate: nil, at: later) == .some(1))
        lane.ended(.delivered, pause: nil, at: later)
        #expect(lane.take(upTo: 8, rate: nil, at: later) == .some(8))
    }

    @Test("No more in a second than the subscriber takes")
    func rates() {
        var lane = Lane()
        #expect(lane.take(upTo: 8, rate: 2, at: start) == .some(2))
        for _ in 0..<2 { lane.ended(.delivered, pause: nil, at: start) }
        #expect(lane.take(upTo: 8, rate: 2, at: start) == .none(until: start + .milliseconds(500)))
        #expect(lane.take(upTo: 8, rate: 2, at: start + .milliseconds(500)) == .some(1))
        lane.giveBack(1, at: start + .milliseconds(500))
        #expect(lane.take(upTo: 8, rate: 2, at: start + .milliseconds(500)) == .some(1))
        lane.ended(.delivered, pause: nil, at: start)
        #expect(lane.take(upTo: 8, rate: 2, at: start + .seconds(60)) == .some(2))
    }

    @Test("An open circuit lets nothing through, then one; one that was not sent is not waited for")
    func circuit() {
        var lane = Lane()
        #expect(lane.take(upTo: 10, rate: nil, at: start) == .some(10))
        for _ in 0..<10 { lane.ended(.retry(after: nil, slower: false), pause: nil, at: start) }
        let open = start + Circuit.openTime
        #expect(lane.take(upTo: 10, rate: nil, at: start) == .none(until: open))
        #expect(lane.take(upTo: 10, rate: nil, at: open) == .some(1))
        lane.giveBack(1, at: open)
        #expect(lane.take(upTo: 10, rate: nil, at: open) == .some(1))
        lane.ended(.delivered, pause: nil, at: open)
        #expect(lane.take(upTo: 10, rate: nil, at: open) == .some(10))
    }

    @Test(
        "All lanes together have so much room; who found none is woken, and a full endpoint takes none from the others")
    func lanes() throws {
        var configuration = CourierConfiguration()
        configuration.deliveries = 10
        configuration.deliveriesPerEndpoint = 8
        let lanes = Lanes(configuration)
        let (slow, other) = (try webhook("http://a.org/", id: "slow"), try webhook("http://b.org/", id: "other"))
        guard case .some(8) = lanes.take(for: slow, in: 1), case .full = lanes.take(for: slow, in: 2),
            case .some(2) = lanes.take(for: other, in: 3), case .full = lanes.take(for: other, in: 4)
        else {
            Issue.record("there is other room than said")
            return
        }
        #expect(lanes.ended(.delivered, pause: nil, of: slow.name) == [2, 4])
        #expect(lanes.underWay == 9)
        guard case .some(1) = lanes.take(for: other, in: 4) else {
            Issue.record("there is no room")
            return
        }
        #expect(lanes.giveBack(1, of: other.name).isEmpty)
    }

    @Test("Events go to whom they concern, from when they are there; to a disabled one as skipped")
    func fanOut() throws {
        let hook = try webhook("http://a.org/")
        func event(_ type: EventType, _ app: String? = "board", data: Document = .emptyObject) throws -> WebhookEvent {
            WebhookEvent(
                id: "1-1", type: type, application: try app.map { try ApplicationID($0) }, time: 100, data: data)
        }
        #expect(FanOut.deliveries(of: [try event(.changeRejected)], to: [hook], in: 1).map(\.isSkipped) == [false])
        #expect(FanOut.deliveries(of: [try event(.operationDead)], to: [hook], in: 1).isEmpty)
        func copy(created: UInt64 = 0, status: Webhook.Status = .enabled) -> Webhook {
            Webhook(
                id: hook.id, creation: "x", subscription: hook.subscription, secrets: hook.secrets, status: status,
                created: created, updated: 0, revision: 1, failingSince: nil, isToBeTold: false)
        }
        #expect(FanOut.deliveries(of: [try event(.changeRejected)], to: [copy(created: 101)], in: 1).isEmpty)
        let disabled = copy(status: .disabled(.asked, since: 1))
        #expect(FanOut.deliveries(of: [try event(.changeRejected)], to: [disabled], in: 1).map(\.isSkipped) == [true])
    }
}
