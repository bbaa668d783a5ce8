import ChangeLog
import Fold
import Logging
import SnapshotCache

/// The applications that are open, and the tasks that work on them.
actor Workshop {
    private let log: ChangeLog
    private let cache: SnapshotCache
    private let configuration: MergeConfiguration
    private let metrics: MergeMetrics
    private let logger: Logger

    private var queue: WorkQueue
    private var partitions: Set<Partition> = []
    private var open: [ApplicationID: OpenApplication] = [:]
    private var openBytes = 0
    private var pending = 0
    private var uses: UInt64 = 0
    private(set) var hasStarted = false

    private let due: AsyncStream<ApplicationID>
    private let dueContinuation: AsyncStream<ApplicationID>.Continuation
    private var finishing = false

    private struct OpenApplication {
        let merger: ApplicationMerger
        var bytes = 0
        var pending = 0
        var lastUse: UInt64
        var failures = 0
    }

    init(
        log: ChangeLog, cache: SnapshotCache, configuration: MergeConfiguration, metrics: MergeMetrics, logger: Logger
    ) {
        self.log = log
        self.cache = cache
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        queue = WorkQueue(concurrency: configuration.concurrency)
        // Holds no more than `concurrency` elements: the work queue lets no more go.
        (due, dueContinuation) = AsyncStream.makeStream(of: ApplicationID.self)
    }

    func work(in partitions: Set<Partition>) {
        self.partitions = partitions
        hasStarted = true
    }

    func hint(_ application: ApplicationID) {
        guard !finishing, partitions.contains(log.partition(of: application)) else { return }
        queue.hint(application)
        start()
    }

    private func start() {
        while let application = queue.next() { dueContinuation.yield(application) }
    }

    /// Works until `finish` was called and all that was under way has ended.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await application in due {
                group.addTask { await self.work(on: application) }
            }
        }
    }

    func finish() {
        finishing = true
        if queue.isIdle { dueContinuation.finish() }
    }

    private func work(on application: ApplicationID) async {
        let more = await cycle(application)
        queue.finish(application, more: more && !finishing)
        start()
        if finishing && queue.isIdle { dueContinuation.finish() }
    }

    /// - Returns: whether there is more to do at once.
    private func cycle(_ application: ApplicationID) async -> Bool {
        guard partitions.contains(log.partition(of: application)) else {
            close(application)
            return false
        }
        let merger = merger(for: application)
        do {
            let outcome = try await merger.cycle()
            open[application]?.failures = 0
            await note(merger)
            switch outcome {
            case .caughtUp: return false
            case .more: return true
            case .gone:
                close(application)
                return false
            }
        } catch {
            await failed(application, error)
            return !finishing
        }
    }

    private func failed(_ application: ApplicationID, _ error: any Error) async {
        metrics.failed()
        let failures = (open[application]?.failures ?? 0) + 1
        open[application]?.failures = failures
        logger.log(
            level: failures == 1 ? .warning : .debug, "Merging an application failed; it is tried again",
            metadata: ["app": "\(application)", "error": "\(error)", "failures": "\(failures)"])
        let pause = min(Self.longestPause, Self.shortestPause * (1 << min(failures - 1, 10)))
        try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
    }

    private static let shortestPause: Duration = .milliseconds(20)
    /// Soon enough after Redis is back; no more than a try a second while it is away.
    private static let longestPause: Duration = .seconds(1)

    private func merger(for application: ApplicationID) -> ApplicationMerger {
        uses += 1
        if let present = open[application] {
            open[application]?.lastUse = uses
            return present.merger
        }
        let merger = ApplicationMerger(
            application, log: log, cache: cache, configuration: configuration, metrics: metrics)
        open[application] = OpenApplication(merger: merger, lastUse: uses)
        return merger
    }

    private func note(_ merger: ApplicationMerger) async {
        let holding = await merger.holding
        guard let before = open[merger.application] else { return }
        let bytes = holding.bytes + Self.bytesPerApplication
        open[merger.application]?.bytes = bytes
        open[merger.application]?.pending = holding.pending
        openBytes += bytes - before.bytes
        pending += holding.pending - before.pending
        if openBytes > configuration.documentBytes { evict() }
        metrics.keeping(documents: open.count, bytes: openBytes, pending: pending)
    }

    /// What an open application costs besides its document, so that many empty ones count too.
    private static let bytesPerApplication = 1_024

    /// Closes the applications that were not used for longest until a tenth of the limit is free: what they know is in Redis.
    private func evict() {
        let goal = configuration.documentBytes / 10 * 9
        for application in open.sorted(by: { $0.value.lastUse < $1.value.lastUse }).map(\.key) {
            guard openBytes > goal else { return }
            close(application)
        }
    }

    private func close(_ application: ApplicationID) {
        guard let closed = open.removeValue(forKey: application) else { return }
        openBytes -= closed.bytes
        pending -= closed.pending
    }

    /// The last thing a daemon does: what it has published need not be folded again by the next one.
    func checkpointAll() async {
        var checkpoints = 0
        var failures = 0
        for (application, opened) in open where await opened.merger.hasLogToTrim {
            do {
                try await opened.merger.checkpoint()
                checkpoints += 1
            } catch {
                failures += 1
                logger.debug(
                    "No checkpoint at the end; the next daemon folds from an earlier one",
                    metadata: ["app": "\(application)", "error": "\(error)"])
                // Each further one would wait for Redis as long as this one did.
                if case LogError.unavailable = error { break }
            }
        }
        logger.info(
            "The open applications were checkpointed", metadata: ["apps": "\(checkpoints)", "failed": "\(failures)"])
    }
}
