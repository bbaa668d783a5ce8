// The courier: looks at every partition on hints and now and then, and sends what is due. Any number of them may run: each delivery is taken under
// a lease, and what one leaves behind another finds.

package import ChangeLog
import Fold
package import Logging
import OperationQueue
package import Redis
import ServiceLifecycle
package import SnapshotCache
import Synchronization
import WebhookQueue
import Webhooks

package struct Courier: Service {
    private let log: ChangeLog
    private let hints: WebhookHints
    private let configuration: CourierConfiguration
    private let registry: WebhookRegistry
    private let queue: DeliveryQueue
    private let hooks: HookList
    private let lanes: Lanes
    private let sender: Sender
    private let states: StateTelling
    private let pace: StatePace
    private let recovering: Recovering
    private let metrics = CourierMetrics()
    private let bells: [Bell]
    private let webhookBell = Bell()
    private let recoveryBell = Bell()
    private let workHints: WorkHints
    private let logger: Logger
    private let resolver: any Resolver
    /// Partitions that were looked at.
    private let looked = LookedAt()

    package init(
        log: ChangeLog, subscriber: RedisSubscriber, cache: SnapshotCache,
        configuration: CourierConfiguration, resolver: any Resolver, logger: Logger
    ) {
        self.log = log
        self.configuration = configuration
        self.logger = logger
        self.resolver = resolver
        hints = WebhookHints(subscriber: subscriber)
        registry = WebhookRegistry(log: log)
        queue = DeliveryQueue(log: log)
        hooks = HookList(registry: registry)
        lanes = Lanes(configuration)
        sender = Sender(configuration, resolver: resolver)
        states = StateTelling(queue: queue, hooks: hooks, cache: cache)
        pace = StatePace(partitions: log.partitions.count)
        let operations = OperationQueue(log: log)
        workHints = WorkHints(subscriber: subscriber, queue: operations)
        recovering = Recovering(
            operations: operations, queue: queue, hooks: hooks, logger: logger)
        bells = log.partitions.map { _ in Bell() }
    }

    /// True once all partitions were looked at.
    package var isReady: Bool { looked.partitions.withLock { $0.count == bells.count } }

    /// How many attempts are under way.
    package var underWay: Int { lanes.underWay }

    package func run() async throws {
        let (jobs, continuation) = AsyncStream.makeStream(of: Job.self, bufferingPolicy: .unbounded)
        let attempting = Attempting(
            queue: queue, registry: registry, sender: sender, lanes: lanes, metrics: metrics, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await cancelWhenGracefulShutdown { await watch { continuation.yield($0) } }
                // Nothing new is taken from here; what is under way ends.
                continuation.finish()
            }
            // As many as have found room in the lanes.
            for await job in jobs { group.addTask { ring(await attempting.attempt(job)) } }
        }
        await sender.shutdown()
        await resolver.shutdown()
    }

    private func watch(_ send: @escaping @Sendable (Job) -> Void) async {
        let round = PartitionRound(
            queue: queue, hooks: hooks, states: states, pace: pace, lanes: lanes, metrics: metrics,
            lease: configuration.lease, send: send)
        let subscriptions = listen(round)
        await withDiscardingTaskGroup { group in
            for partition in log.partitions { group.addTask { await look(at: partition, round) } }
            group.addTask { await lookAfterWebhooks() }
            group.addTask { await recover() }
        }
        for subscription in subscriptions { subscription.cancel() }
    }

    private func listen(_ round: PartitionRound) -> [RedisSubscription] {
        let names = Dictionary(uniqueKeysWithValues: log.partitions.map { ("\($0)", $0.number) })
        do {
            return [
                try hints.events { [bells] name in
                    if let name, let number = names[name] { return bells[number].ring() }
                    for bell in bells { bell.ring() }
                },
                try hints.versions { [bells, pace] name in
                    // Who is paced looks by itself when its turn comes.
                    guard let name, let number = names[name], round.isToldOfStates, pace.isDue(number) else { return }
                    bells[number].ring()
                },
                try hints.webhooks { [webhookBell] in webhookBell.ring() },
                try workHints.work { [recoveryBell] hint in
                    if hint?.kind ?? RecoveryOperation.kind == RecoveryOperation.kind { recoveryBell.ring() }
                },
            ]
        } catch {
            logger.error("No hints; what is to be done is found by the sweep alone", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func ring(_ partitions: Set<Int>) {
        for number in partitions { bells[number].ring() }
    }

    /// A partition is never looked at more often than that.
    private static let shortestPause: Duration = .milliseconds(10)

    private func look(at partition: Partition, _ round: PartitionRound) async {
        var isFailing = false
        while !Task.isCancelled {
            var pause = configuration.sweepInterval
            do throws(LogError) {
                if let next = try await round.run(in: partition) {
                    pause = min(pause, max(Self.shortestPause, ContinuousClock.now.duration(to: next)))
                }
                looked.partitions.withLock { _ = $0.insert(partition) }
                isFailing = false
            } catch {
                metrics.failed()
                if !isFailing {
                    logger.warning(
                        "A partition could not be looked at; it goes on trying",
                        metadata: ["partition": "\(partition)", "error": "\(error)"])
                }
                isFailing = true
            }
            await bells[partition.number].wait(upTo: pause)
        }
    }

    /// Keeps the list of webhooks, and tells of those that were disabled by themselves.
    private func lookAfterWebhooks() async {
        while !Task.isCancelled {
            do throws(LogError) {
                try await hooks.refresh()
                lanes.keep(hooks.names)
                for webhook in hooks.webhooks where webhook.isToBeTold {
                    logger.notice("A webhook is disabled", metadata: ["webhook": "\(webhook.id)"])
                    try await queue.tellDisabled(webhook)
                    try await registry.report(.told, of: webhook.name)
                }
            } catch {
                metrics.failed()
            }
            metrics.working(lanes, webhooks: hooks.webhooks.count)
            await webhookBell.wait(upTo: configuration.sweepInterval)
        }
    }

    private static let recoveryPause: Duration = .seconds(5)

    private func recover() async {
        while !Task.isCancelled {
            do throws(LogError) {
                while try await recovering.work(), !Task.isCancelled {}
            } catch {
                metrics.failed()
            }
            await recoveryBell.wait(upTo: Self.recoveryPause)
        }
    }
}

private final class LookedAt: Sendable {
    let partitions = Mutex<Set<Partition>>([])
}
