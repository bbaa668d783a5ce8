// One application's merge: read the log, fold, publish to memcached, mark as merged, now and then checkpoint.
//
// Every step may be interrupted for good, and done twice by two daemons at once: the fold is a function of the log, memcached is
// written only forward, and the scripts refuse what no longer fits. Persist first, then trim.

import ChangeLog
import Fold
import Logging
import SnapshotCache

actor ApplicationMerger {
    enum Outcome: Sendable {
        /// Everything that was in the log is published.
        case caughtUp
        /// More is waiting.
        case more
        /// There is no such application any more.
        case gone
    }

    /// What a cycle has done, and what is to come.
    struct Report: Sendable {
        let outcome: Outcome
        /// How long the application should not be published again.
        let pause: Duration
        /// The size of the document that is kept, in bytes of canonical JSON.
        let bytes: Int
        /// Changes of the log that are not published yet.
        let pending: Int
        /// Changes that this cycle folded.
        let folded: Int
        /// How long the oldest change waited that this cycle published, in milliseconds.
        let lag: Int
        /// Whether a call of `checkpoint` is due.
        let isCheckpointDue: Bool
    }

    nonisolated let application: ApplicationID
    private let log: ChangeLog
    private let cache: SnapshotCache
    private let configuration: MergeConfiguration
    private let metrics: MergeMetrics
    private let clock = ContinuousClock()

    private var replica: Replica
    /// What the store knows to be published by the replica's history; nil before the first time.
    private var published: PositionToken?
    /// The snapshot of that position. It shares its bytes with the replica's last encoding.
    private var publishedSnapshot: Snapshot?
    private var isCheckpointing = false
    /// The store refused a checkpoint: it has moved on in a way that the replica does not know.
    private var mustRestart = false
    /// Since when `rejections` is complete.
    private var knownFrom: UInt64 = 0
    private var rejections: [RejectedChange] = []
    private var base: UInt64 = 0
    /// The last position given out, when the log was last read.
    private var tail: UInt64 = 0
    /// What `base` was before the checkpoints of the last moments, and until when: a Redis that lost the end of its log has lost them
    /// too, and a snapshot can help it only with the records of all changes since.
    private var formerBases: [(until: ContinuousClock.Instant, base: UInt64)] = []
    private var lastCheckpoint: ContinuousClock.Instant
    /// What the present cycle has to tell, as its report has it.
    private var foldedInCycle = 0
    private var lagOfCycle = 0
    /// Whether the last cycle read the log to its end.
    private var isCaughtUp = false
    /// When something was folded that nobody had published. An application that was opened only because it still stands in the
    /// dirty set has none, and so counts as quiet at once.
    private var lastNews: ContinuousClock.Instant

    init(
        _ application: ApplicationID, log: ChangeLog, cache: SnapshotCache, configuration: MergeConfiguration,
        metrics: MergeMetrics
    ) {
        self.application = application
        self.log = log
        self.cache = cache
        self.configuration = configuration
        self.metrics = metrics
        replica = Replica(of: application, settings: log.settings)
        lastCheckpoint = clock.now
        lastNews = clock.now - configuration.quietTime
    }

    /// Whether a checkpoint would spare the next daemon work.
    var hasLogToTrim: Bool { publishedSnapshot.map { $0.position > base } ?? false }

    /// Reads, folds and publishes once.
    ///
    /// - Parameter expectingNews: whether there is probably something to publish.
    func cycle(expectingNews: Bool = true) async throws -> Report {
        if mustRestart { restart() }
        var work = Duration.zero
        foldedInCycle = 0
        lagOfCycle = 0
        let outcome = try await mergeOnce(expectingNews: expectingNews, work: &work)
        return Report(
            outcome: outcome, pause: Pacing.pause(afterWorkOf: work), bytes: replica.state?.stateBytes ?? 0,
            pending: Int(tail - min(published?.number ?? base, tail)), folded: foldedInCycle, lag: lagOfCycle,
            isCheckpointDue: isCheckpointDue)
    }

    private func restart() {
        replica.reset()
        publishedSnapshot = nil
        mustRestart = false
    }

    /// - Parameter work: what this takes without waiting for the log, whose answers may wait for a disk.
    private func mergeOnce(expectingNews: Bool, work: inout Duration) async throws -> Outcome {
        // What stands in memcached is asked for while the log is read: once there is something to store, nobody waits for that.
        async let place = expectingNews ? cache.look(at: application) : nil
        let started = clock.now
        var folded = 0
        var news = false
        var oldest: UInt64?
        var caughtUp = false
        repeat {
            guard let slice = try await log.read(application, after: replica.place) else {
                restart()
                return .gone
            }
            let began = clock.now
            let progress = try replica.absorb(slice)
            work += clock.now - began
            guard let place = replica.place else { continue }
            if progress.restarted {
                knownFrom = slice.from
                rejections = []
                published = nil
                publishedSnapshot = nil
                formerBases = []
                base = slice.base
            }
            move(baseTo: slice.base)
            tail = slice.tail
            rejections += progress.rejections
            folded += progress.folded
            news = news || progress.folded > 0 && place.number > slice.merged
            oldest = oldest ?? progress.oldest
            caughtUp = place.number >= slice.tail
        } while !caughtUp && folded < MergeConfiguration.maximumChangesPerPublish
            && clock.now - started < Pacing.longest
        if news { lastNews = clock.now }
        metrics.folded(folded)
        foldedInCycle = folded
        isCaughtUp = caughtUp
        if let position = replica.place, position != published {
            guard try await publish(position, over: await place, oldest: oldest, work: &work) else {
                restart()
                return .more
            }
        }
        return caughtUp ? .caughtUp : .more
    }

    /// - Returns: false if the store has moved on in a way that this replica does not know.
    private func publish(
        _ position: PositionToken, over place: SnapshotCache.Place?, oldest: UInt64?, work: inout Duration
    ) async throws -> Bool {
        let began = clock.now
        replica.keepRecords(recordsToKeep(at: position.number))
        guard let snapshot = replica.snapshot() else { return false }
        metrics.stored(await cache.store(snapshot, over: place), application: application)
        work += clock.now - began
        let answer = try await log.merged(
            application, from: knownFrom, to: position, version: snapshot.version, stateBytes: snapshot.state.count,
            rejections: rejections)
        guard answer == .done else { return false }
        lagOfCycle = metrics.published(rejections: rejections.count, oldest: oldest)
        published = position
        publishedSnapshot = snapshot
        knownFrom = position.number
        rejections = []
        return true
    }

    private var isCheckpointDue: Bool {
        guard !isCheckpointing, let position = publishedSnapshot?.position else { return false }
        let now = clock.now
        return position - min(base, position) >= UInt64(configuration.checkpointChanges)
            || position > base && now - lastCheckpoint >= configuration.checkpointInterval
            || isCaughtUp && now - lastNews >= configuration.quietTime
    }

    /// Puts the published state in the place of the log. Also where there is nothing to trim: it is how a quiet application leaves
    /// the dirty set. Cycles go on meanwhile; what they publish stays in the log.
    ///
    /// - Returns: false if the store has moved on in a way that this replica does not know.
    func checkpoint() async throws -> Bool {
        guard !isCheckpointing, let snapshot = publishedSnapshot else { return true }
        isCheckpointing = true
        defer { isCheckpointing = false }
        guard try await log.checkpoint(snapshot) == .done else {
            mustRestart = true
            return false
        }
        metrics.checkpointed()
        lastCheckpoint = clock.now
        // Another history may have begun meanwhile, whose base is another.
        if published?.epoch == snapshot.epoch { move(baseTo: snapshot.position) }
        return true
    }

    private func move(baseTo position: UInt64) {
        guard position > base else { return }
        formerBases.append((clock.now, base))
        base = position
    }

    /// As many as reach back to where the log began before the time that a Redis may lose.
    private func recordsToKeep(at position: UInt64) -> Int {
        let horizon = clock.now - MergeConfiguration.lossWindow
        formerBases.removeAll { $0.until < horizon }
        let wanted = Int(position - min(formerBases.first?.base ?? base, position))
        return min(max(wanted, MergeConfiguration.minimumRecords), MergeConfiguration.maximumRecords)
    }
}
