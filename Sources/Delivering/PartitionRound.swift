// One look at a partition: events become deliveries, new versions are put on their way, and what is due is taken and handed to who sends it.

import ChangeLog
import Logging
import WebhookQueue
import Webhooks

struct PartitionRound: Sendable {
    let queue: DeliveryQueue
    let hooks: HookList
    let states: StateTelling
    let pace: StatePace
    let lanes: Lanes
    let metrics: CourierMetrics
    let lease: Duration
    /// Takes a job, never more than there is room for in the lanes.
    let send: @Sendable (Job) -> Void

    /// Slices of events in one round; then deliveries have their turn.
    private static let slices = 20

    /// - Returns: when to look again, if nothing is heard; nil for whenever.
    func run(in partition: Partition) async throws(LogError) -> ContinuousClock.Instant? {
        let work = try await queue.look(at: partition)
        if work.hasEvents { try await fanOut(in: partition) }
        var next = work.nextDue.map { ContinuousClock.now + $0 }
        if work.hasChangedStates || work.hasDirtyStates && isToldOfStates {
            if pace.take(partition.number) { try await states.tell(in: partition) }
            // Later versions are told of together.
            next = min(next ?? pace.next(partition.number), pace.next(partition.number))
        }
        guard !work.webhooks.isEmpty else { return next }
        // Who was disabled, or has another secret, is treated as what it is now.
        try await hooks.refresh()
        for name in work.webhooks {
            if let time = try await deliver(to: name, in: partition) { next = min(next ?? time, time) }
        }
        return next
    }

    var isToldOfStates: Bool {
        hooks.webhooks.contains { $0.isEnabled && $0.subscription.types.contains(.stateChanged) }
    }

    private func fanOut(in partition: Partition) async throws(LogError) {
        for _ in 0..<Self.slices {
            let slice = try await queue.events(in: partition)
            if slice.isEmpty { return }
            // After the events were read: whoever has asked before they happened is there.
            try await hooks.refresh()
            let deliveries = FanOut.deliveries(of: slice.events, to: hooks.webhooks, in: partition.number)
            metrics.made(try await queue.fanOut(deliveries, of: slice, in: partition) ?? 0)
        }
    }

    private func deliver(to name: HookName, in partition: Partition) async throws(LogError) -> ContinuousClock.Instant?
    {
        guard let webhook = hooks[name] else {
            // Another release knows what to do with it.
            guard !hooks.names.contains(name) else { return nil }
            return try await queue.drop(name, as: .discarded, in: partition) > 0 ? .now : nil
        }
        guard webhook.isEnabled else { return try await queue.drop(name, as: .skipped, in: partition) > 0 ? .now : nil }
        switch lanes.take(for: webhook, in: partition.number) {
        case .full: return nil
        case .none(let until): return until
        case .some(let room):
            let claimed: [ClaimedDelivery]
            do { claimed = try await queue.claim(for: name, most: room, in: partition, lease: lease) } catch {
                _ = lanes.giveBack(room, of: name)
                throw error
            }
            _ = lanes.giveBack(room - claimed.count, of: name)
            for delivery in claimed { send(Job(delivery: delivery, webhook: webhook, partition: partition)) }
            // There may be more.
            return claimed.count == room ? .now : nil
        }
    }
}
