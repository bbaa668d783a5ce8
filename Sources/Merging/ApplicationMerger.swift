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

    nonisolated let application: ApplicationID
    private let log: ChangeLog
    private let cache: SnapshotCache
    private let configuration: MergeConfiguration
    private let metrics: MergeMetrics
    private let clock = ContinuousClock()

    private var replica: Replica
    /// What the store knows to be published by the replica's history; nil before the first time.
    private var published: PositionToken?
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
    /// When something was folded that nobody had published. An application that was opened only because it still stands in the
    /// dirty set has none, and so counts as quiet at once.
    private var lastNews: ContinuousClock.Instant
    private var notBefore: ContinuousClock.Instant

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
        notBefore = clock.now
    }

    /// The size of the document that is kept, in bytes of canonical JSON, and how many changes of the log are not published yet.
    var holding: (bytes: Int, pending: Int) {
        (replica.state?.stateBytes ?? 0, Int(tail - min(published?.number ?? base, tail)))
    }

    /// Whether a checkpoint would spare the next daemon work.
    var hasLogToTrim: Bool { replica.place.map { $0.number > base } ?? false }

    /// Reads, folds and publishes once, after the pause that pacing asks for.
    func cycle() async throws -> Outcome {
        if clock.now < notBefore { try await clock.sleep(until: notBefore) }
        let started = clock.now
        let outcome = try await mergeOnce(started: started)
        notBefore = clock.now + Pacing.pause(afterWorkOf: clock.now - started)
        return outcome
    }

    private func mergeOnce(started: ContinuousClock.Instant) async throws -> Outcome {
        var folded = 0
        var news = false
        var oldest: UInt64?
        var caughtUp = false
        repeat {
            guard let slice = try await log.read(application, after: replica.place) else {
                replica.reset()
                return .gone
            }
            let progress = try replica.absorb(slice)
            guard let place = replica.place else { continue }
            if progress.restarted {
                knownFrom = slice.from
                rejections = []
                published = nil
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
        guard try await publish(oldest: oldest), try await checkpointIfDue(caughtUp: caughtUp) else {
            replica.reset()
            return .more
        }
        return caughtUp ? .caughtUp : .more
    }

    /// - Returns: false if the store has moved on in a way that this replica does not know.
    private func publish(oldest: UInt64?) async throws -> Bool {
        guard let place = replica.place, place != published else { return true }
        replica.keepRecords(recordsToKeep(at: place.number))
        guard let snapshot = replica.snapshot() else { return false }
        metrics.stored(await cache.store(snapshot), application: application)
        let answer = try await log.merged(
            application, from: knownFrom, to: place, version: snapshot.version, stateBytes: snapshot.state.count,
            rejections: rejections)
        guard answer == .done else { return false }
        metrics.published(rejections: rejections.count, oldest: oldest)
        published = place
        knownFrom = place.number
        rejections = []
        return true
    }

    private func checkpointIfDue(caughtUp: Bool) async throws -> Bool {
        guard let position = replica.state?.position else { return false }
        let now = clock.now
        let quiet = caughtUp && now - lastNews >= configuration.quietTime
        let due =
            position - min(base, position) >= UInt64(configuration.checkpointChanges)
            || position > base && now - lastCheckpoint >= configuration.checkpointInterval
        guard due || quiet else { return true }
        return try await checkpoint()
    }

    /// Puts the published state in the place of the log. Also where there is nothing to trim: it is how a quiet application leaves
    /// the dirty set.
    ///
    /// - Returns: false if the store has moved on in a way that this replica does not know.
    @discardableResult
    func checkpoint() async throws -> Bool {
        guard let place = replica.place, place == published, let snapshot = replica.snapshot() else { return true }
        guard try await log.checkpoint(snapshot) == .done else { return false }
        metrics.checkpointed()
        lastCheckpoint = clock.now
        move(baseTo: place.number)
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
