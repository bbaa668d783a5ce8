// The merge daemon: drains what hints and sweeps say is due in the partitions it holds leases for. Any number of them may run;
// they share the partitions, and where two work on the same one nothing but time is lost.

package import ChangeLog
import Fold
package import Logging
import Redis
import ServiceLifecycle
package import SnapshotCache

package struct MergeDaemon: Service {
    private let log: ChangeLog
    private let hints: LogHints
    private let configuration: MergeConfiguration
    private let workshop: Workshop
    private let metrics: MergeMetrics
    private let logger: Logger

    package init(
        log: ChangeLog, hints: LogHints, cache: SnapshotCache, configuration: MergeConfiguration, logger: Logger
    ) {
        self.log = log
        self.hints = hints
        self.configuration = configuration
        self.logger = logger
        metrics = MergeMetrics(logger: logger)
        workshop = Workshop(log: log, cache: cache, configuration: configuration, metrics: metrics, logger: logger)
    }

    package func run() async throws {
        let keeper = LeaseKeeper(log: log, hints: hints, configuration: configuration, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask { await workshop.run() }
            await cancelWhenGracefulShutdown {
                await withDiscardingTaskGroup { watch in
                    watch.addTask { await keeper.run(onChange: work) }
                    watch.addTask { await listen() }
                    watch.addTask { await sweep(keeper) }
                    watch.addTask { await count(keeper) }
                    watch.addTask { await tellBusiest() }
                }
            }
            // Nothing new is taken on from here; what is under way ends, and every open document is checkpointed.
            workshop.finish()
            await keeper.giveBack()
        }
        await workshop.checkpointAll()
    }

    /// Subscribes to all partitions, not only to the leased ones: a hint for another one is dropped, and a lease that moves needs
    /// no subscription to move with it.
    private func listen() async {
        var subscriptions: [RedisSubscription] = []
        for partition in log.partitions {
            do {
                subscriptions.append(
                    try hints.pushed(in: partition) { [workshop] application in
                        if let application { workshop.hint(application, .news) }
                    })
            } catch {
                logger.error(
                    "No hints from a partition; its changes are merged by the sweep alone",
                    metadata: ["partition": "\(partition)", "error": "\(error)"])
            }
        }
        try? await gracefulShutdown()
        for subscription in subscriptions { subscription.cancel() }
    }

    private func sweep(_ keeper: LeaseKeeper) async {
        var failing = false
        while !Task.isCancelled {
            var dirty = 0
            var failure: LogError?
            let partitions = await keeper.held
            for (_, answer) in await PartitionRound.ask(partitions, sweep) {
                switch answer {
                case .success(let found): dirty += found
                // Whatever it is, the other partitions may have nothing to do with it.
                case .failure(let error): failure = error
                }
            }
            metrics.working(partitions: partitions.count, dirtyApplications: dirty)
            if let failure, !failing {
                logger.warning("The sweep failed; it goes on trying", metadata: ["error": "\(failure)"])
            }
            failing = failure != nil
            try? await Task.sleep(for: configuration.sweepInterval)
        }
    }

    /// What was pushed while nobody worked in a partition is looked for at once.
    @Sendable
    private func work(in partitions: Set<Partition>) async {
        _ = await PartitionRound.ask(workshop.work(in: partitions), sweep)
    }

    /// - Returns: how many applications are dirty.
    @Sendable
    private func sweep(_ partition: Partition) async -> Result<Int, LogError> {
        do {
            let applications = try await log.dirtyApplications(in: partition).compactMap { try? ApplicationID($0) }
            for application in applications { workshop.hint(application, .sweep) }
            return .success(applications.count)
        } catch {
            return .failure(error)
        }
    }

    /// Counts now and then what is in the partitions, since nobody sees it grow otherwise.
    private func count(_ keeper: LeaseKeeper) async {
        while !Task.isCancelled {
            var (records, applications) = (0, 0)
            let counts = await PartitionRound.ask(await keeper.held) { [log] partition in
                (
                    records: (try? await log.repeatRecords(in: partition)) ?? 0,
                    applications: (try? await log.applicationCount(in: partition)) ?? 0
                )
            }
            for (_, count) in counts {
                records += count.records
                applications += count.applications
            }
            metrics.counted(records: records, applications: applications)
            // The first time it has no partition yet.
            try? await Task.sleep(for: counts.isEmpty ? configuration.sweepInterval : Self.countInterval)
        }
    }

    /// Tells every other second which applications were busiest meanwhile.
    private func tellBusiest() async {
        var last = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: Bulletin.interval)
            let now = ContinuousClock.now
            let seen = workshop.takeBustle(over: now - last)
            last = now
            // With Redis away nobody could read it either, and the next one comes soon.
            try? await log.post(
                busiest: BusiestApplications.chosen(from: seen, by: Bustle.measures), as: configuration.name)
        }
    }

    private static let countInterval: Duration = .seconds(10)

    /// True once the daemon has found out what it is to work on.
    package var isReady: Bool { workshop.hasStarted }

    package var worksIn: Set<Partition> { workshop.worksIn }

    /// The numbers of the partitions that it works in, in order.
    package var partitions: [Int] { worksIn.map(\.number).sorted() }
}
