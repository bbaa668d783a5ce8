// The lanes of all endpoints, and the room that they have together.

import Synchronization
import Webhooks

final class Lanes: Sendable {
    fileprivate struct Shared {
        var lanes: [HookName: Lane] = [:]
        var underWay = 0
        /// Who found no room, and is to be woken when there is some.
        var waiting: [HookName: Set<Int>] = [:]
        var waitingForAny: Set<Int> = []
    }

    private let shared = Mutex(Shared())
    private let most: Int
    private let mostPerEndpoint: Int

    init(_ configuration: CourierConfiguration) {
        most = configuration.deliveries
        mostPerEndpoint = configuration.deliveriesPerEndpoint
    }

    var underWay: Int { shared.withLock { $0.underWay } }

    var openCircuits: Int {
        shared.withLock { $0.lanes.values.count { if case .closed = $0.circuit.state { false } else { true } } }
    }

    enum Room {
        case some(Int)
        /// Whoever asked is woken when there is room.
        case full
        case none(until: ContinuousClock.Instant)
    }

    /// Takes room for deliveries to an endpoint.
    ///
    /// - Parameter partition: by its number, who asks.
    func take(for webhook: Webhook, in partition: Int) -> Room {
        shared.withLock { shared in
            let free = most - shared.underWay
            guard free > 0 else {
                shared.waitingForAny.insert(partition)
                return .full
            }
            let now = ContinuousClock.now
            var lane = shared.lanes[webhook.name] ?? Lane()
            defer { shared.lanes[webhook.name] = lane }
            switch lane.take(upTo: mostPerEndpoint, rate: webhook.subscription.rate, at: now) {
            case .some(let count):
                lane.giveBack(max(0, count - free), at: now)
                shared.underWay += min(count, free)
                return .some(min(count, free))
            case .full:
                shared.waiting[webhook.name, default: []].insert(partition)
                return .full
            case .none(let until): return .none(until: until)
            }
        }
    }

    /// - Returns: the partitions that wait for room.
    func giveBack(_ count: Int, of webhook: HookName) -> Set<Int> {
        guard count > 0 else { return [] }
        return shared.withLock { shared in
            shared.underWay -= count
            shared.lanes[webhook]?.giveBack(count, at: .now)
            return shared.wake(webhook)
        }
    }

    /// - Returns: the partitions that wait for room.
    func ended(_ verdict: Verdict, pause: Duration?, of webhook: HookName) -> Set<Int> {
        shared.withLock { shared in
            shared.underWay -= 1
            shared.lanes[webhook]?.ended(verdict, pause: pause, at: .now)
            return shared.wake(webhook)
        }
    }

    /// Forgets endpoints that are not there any more.
    func keep(_ webhooks: Set<HookName>) {
        shared.withLock { shared in
            shared.lanes = shared.lanes.filter { webhooks.contains($0.key) || $0.value.underWay > 0 }
            shared.waiting = shared.waiting.filter { webhooks.contains($0.key) }
        }
    }
}

extension Lanes.Shared {
    fileprivate mutating func wake(_ webhook: HookName) -> Set<Int> {
        let woken = (waiting.removeValue(forKey: webhook) ?? []).union(waitingForAny)
        waitingForAny = []
        return woken
    }
}
