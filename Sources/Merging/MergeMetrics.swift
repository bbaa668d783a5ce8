import Fold
import Foundation
import Logging
import Metrics
import SnapshotCache
import Synchronization

/// What a merge daemon counts, and the one warning that would otherwise come with every publish.
final class MergeMetrics: Sendable {
    private let foldedChanges = Counter(label: "cistern_merge_changes_folded")
    private let rejectedChanges = Counter(label: "cistern_merge_changes_rejected")
    private let publishes = Counter(label: "cistern_merge_publishes")
    private let checkpoints = Counter(label: "cistern_merge_checkpoints")
    private let failures = Counter(label: "cistern_merge_failures")
    private let notStored = Counter(label: "cistern_merge_snapshots_not_stored")
    private let lag = Timer(label: "cistern_merge_lag")
    private let heldPartitions = Gauge(label: "cistern_merge_partitions")
    private let openDocuments = Gauge(label: "cistern_merge_documents")
    private let openDocumentBytes = Gauge(label: "cistern_merge_document_bytes")
    private let dirty = Gauge(label: "cistern_merge_dirty_applications")
    private let records = Gauge(label: "cistern_repeat_records")
    private let applications = Gauge(label: "cistern_merge_applications")
    private let backlog = Gauge(label: "cistern_merge_backlog_changes")
    private let logger: Logger
    private let warnedTooLarge = Mutex<Set<ApplicationID>>([])

    init(logger: Logger) {
        self.logger = logger
    }

    func folded(_ count: Int) { foldedChanges.increment(by: count) }

    func checkpointed() { checkpoints.increment() }

    func failed() { failures.increment() }

    func working(partitions: Int, dirtyApplications: Int) {
        heldPartitions.record(partitions)
        dirty.record(dirtyApplications)
    }

    /// Of all partitions that are worked in: changes that are remembered, and applications that there are.
    func counted(records: Int, applications: Int) {
        self.records.record(records)
        self.applications.record(applications)
    }

    /// - Parameter pending: changes that are in the logs of open applications and not published.
    func keeping(documents: Int, bytes: Int, pending: Int) {
        backlog.record(pending)
        openDocuments.record(documents)
        openDocumentBytes.record(bytes)
    }

    /// - Parameter oldest: when the first of the published changes was appended, by the clock of Redis. Clocks that differ make
    ///   the lag wrong by as much; below zero counts as zero.
    /// - Returns: the lag in milliseconds, rounded up; 0 if nothing was published that anybody waited for.
    func published(rejections: Int, oldest: UInt64?) -> Int {
        publishes.increment()
        rejectedChanges.increment(by: rejections)
        guard let oldest else { return 0 }
        let now = Date.now.timeIntervalSince1970 * 1_000
        let waited = max(0, now - Double(oldest))
        lag.recordMilliseconds(waited)
        return Int(waited.rounded(.up))
    }

    func stored(_ outcome: SnapshotCache.StoreOutcome, application: ApplicationID) {
        switch outcome {
        case .stored, .newerThere: return
        case .failed: notStored.increment()
        case .tooLarge(let limit):
            notStored.increment()
            guard warnedTooLarge.withLock({ $0.count < Self.maximumWarnings && $0.insert(application).inserted }) else {
                return
            }
            logger.warning(
                """
                A state is too large for memcached, so every poll server rebuilds each of its versions from Redis. \
                Start memcached with a larger item size (-I).
                """,
                metadata: ["app": "\(application)", "memcached_limit": "\(limit)"])
        }
    }

    /// Applications that are warned about once each; beyond it the counter has to do.
    private static let maximumWarnings = 1_000
}
