import ChangeLog
import Fold
import Logging
import SnapshotCache
import Synchronization

/// The applications that are open, and the tasks that work on them.
///
/// Hints come straight from the thread that receives them; what they cost there is a look into two tables. From a hint to the task that
/// merges there is one hand-over and no timer.
final class Workshop: Sendable {
    private enum Job: Sendable {
        case work(ApplicationID, WorkQueue.Cause)
        case wake(ApplicationID, at: ContinuousClock.Instant)
    }

    private struct State {
        var queue: WorkQueue
        var open: OpenApplications<ApplicationMerger>
        var bustle = Bustle()
        var partitions: Set<Partition> = []
        var hasStarted = false
        var finishing = false
        var checkpoints = 0
    }

    private let log: ChangeLog
    private let cache: SnapshotCache
    private let configuration: MergeConfiguration
    private let metrics: MergeMetrics
    private let logger: Logger
    private let state: Mutex<State>
    /// Holds no more than there are applications in the queue.
    private let jobs: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation

    init(
        log: ChangeLog, cache: SnapshotCache, configuration: MergeConfiguration, metrics: MergeMetrics, logger: Logger
    ) {
        self.log = log
        self.cache = cache
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        state = Mutex(
            State(
                queue: WorkQueue(concurrency: configuration.concurrency),
                open: OpenApplications(limit: configuration.documentBytes)))
        (jobs, continuation) = AsyncStream.makeStream(of: Job.self)
    }

    var hasStarted: Bool { state.withLock { $0.hasStarted } }

    var worksIn: Set<Partition> { state.withLock { $0.partitions } }

    /// What was seen of applications since the last call, `time` ago.
    func takeBustle(over time: Duration) -> [Activity] {
        // Made into a list outside the lock, which hints wait for.
        let bustle = state.withLock { state in
            defer { state.bustle = Bustle() }
            return state.bustle
        }
        return bustle.activities(over: time)
    }

    /// - Returns: those that are new.
    func work(in partitions: Set<Partition>) -> [Partition] {
        state.withLock { state in
            defer {
                state.partitions = partitions
                state.hasStarted = true
            }
            return partitions.subtracting(state.partitions).sorted { $0.number < $1.number }
        }
    }

    /// Does not block.
    func hint(_ application: ApplicationID, _ cause: WorkQueue.Cause) {
        let partition = log.partition(of: application)
        state.withLock { state in
            guard !state.finishing, state.partitions.contains(partition) else { return }
            let now = ContinuousClock.now
            let wake = state.queue.hint(
                application, cause, notBefore: state.open[application]?.notBefore ?? now, now: now)
            start(&state, wake: wake.map { (application, $0) })
        }
    }

    private func start(_ state: inout State, wake: (ApplicationID, ContinuousClock.Instant)? = nil) {
        if let (application, time) = wake { continuation.yield(.wake(application, at: time)) }
        while let (application, cause) = state.queue.next() { continuation.yield(.work(application, cause)) }
        if state.finishing && state.queue.isIdle { continuation.finish() }
    }

    /// Works until `finish` was called and all that was under way has ended.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                switch job {
                case .work(let application, let cause):
                    group.addTask { await self.work(on: application, cause) }
                case .wake(let application, let time):
                    group.addTask { await self.wake(application, at: time) }
                }
            }
        }
    }

    private func wake(_ application: ApplicationID, at time: ContinuousClock.Instant) async {
        try? await Task.sleep(until: time, tolerance: .zero)
        state.withLock { state in
            state.queue.wake(application)
            start(&state)
        }
    }

    /// Takes nothing new on. What pauses is left to the next daemon.
    func finish() {
        state.withLock { state in
            state.finishing = true
            state.queue.dropPausing()
            start(&state)
        }
    }

    // MARK: - One application

    private func work(on application: ApplicationID, _ cause: WorkQueue.Cause) async {
        let partition = log.partition(of: application)
        let merger: ApplicationMerger? = state.withLock { state in
            guard state.partitions.contains(partition) else {
                state.open.close(application)
                return nil
            }
            return state.open.use(application, now: .now) {
                ApplicationMerger(
                    application, log: log, cache: cache, configuration: configuration, metrics: metrics)
            }
        }
        guard let merger else { return finish(application, more: false) }
        do {
            let report = try await merger.cycle(expectingNews: cause == .news)
            finish(report, of: application)
            // By now the next cycle may have begun: nobody waits for a checkpoint.
            if report.isCheckpointDue { await checkpoint(merger) }
        } catch {
            failed(application, error)
        }
    }

    private func finish(_ application: ApplicationID, more: Bool) {
        state.withLock { finish(application, more: more, pause: .zero, &$0) }
    }

    private func finish(_ application: ApplicationID, more: Bool, pause: Duration, _ state: inout State) {
        let now = ContinuousClock.now
        state.open.update(application) { $0.notBefore = now + pause }
        let wake = state.queue.finish(
            application, more: more && !state.finishing, notBefore: now + pause, now: now)
        if state.finishing { state.queue.dropPausing() }
        start(&state, wake: wake.map { (application, $0) })
    }

    private func finish(_ report: ApplicationMerger.Report, of application: ApplicationID) {
        let (documents, bytes, pending) = state.withLock { state in
            let more: Bool
            switch report.outcome {
            case .gone:
                more = false
                state.open.close(application)
            case .caughtUp, .more:
                more = report.outcome == .more
                state.open.update(application) { $0.failures = 0 }
                state.open.note(application, bytes: report.bytes, pending: report.pending)
                state.bustle.note(
                    application, folded: report.folded, pending: report.pending, bytes: report.bytes, lag: report.lag)
            }
            finish(application, more: more, pause: report.pause, &state)
            return (state.open.count, state.open.bytes, state.open.pending)
        }
        metrics.keeping(documents: documents, bytes: bytes, pending: pending)
    }

    private func failed(_ application: ApplicationID, _ error: any Error) {
        metrics.failed()
        let failures = state.withLock { state in
            let failures = (state.open[application]?.failures ?? 0) + 1
            state.open.update(application) { $0.failures = failures }
            if let open = state.open[application] {
                state.bustle.note(application, folded: 0, pending: open.pending, bytes: open.bytes, lag: 0)
            }
            let pause = min(Self.longestPause, Self.shortestPause * (1 << min(failures - 1, 10)))
            finish(application, more: true, pause: pause * Double.random(in: 0.5...1), &state)
            return failures
        }
        logger.log(
            level: failures == 1 ? .warning : .debug, "Merging an application failed; it is tried again",
            metadata: ["app": "\(application)", "error": "\(error)", "failures": "\(failures)"])
    }

    private static let shortestPause: Duration = .milliseconds(20)
    /// Soon enough after Redis is back; no more than a try a second while it is away.
    private static let longestPause: Duration = .seconds(1)

    // MARK: - Checkpoints

    private func checkpoint(_ merger: ApplicationMerger) async {
        let hasPlace = state.withLock { state in
            // Too many at once are left: they stay due, and the sweep comes by again.
            guard state.checkpoints < configuration.concurrency else { return false }
            state.checkpoints += 1
            return true
        }
        guard hasPlace else { return }
        do {
            // Refused because the store has moved on: the next cycle finds out how.
            if try await !merger.checkpoint() { hint(merger.application, .news) }
        } catch {
            metrics.failed()
            logger.debug(
                "A checkpoint failed; it is tried again",
                metadata: ["app": "\(merger.application)", "error": "\(error)"])
        }
        state.withLock { $0.checkpoints -= 1 }
    }

    /// The last thing a daemon does: what it has published need not be folded again by the next one.
    func checkpointAll() async {
        var checkpoints = 0
        var failures = 0
        let open = state.withLock { Array($0.open.mergers) }
        for (application, merger) in open where await merger.hasLogToTrim {
            do {
                _ = try await merger.checkpoint()
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
