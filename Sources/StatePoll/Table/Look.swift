// How a poll server finds out what to serve: from a hint and memcached alone where that is enough, else by asking Redis what is
// published, and by folding the log itself where memcached does not have it.

import ChangeLog
import Fold
import Logging
import SnapshotCache

/// Lives in its watcher's one task.
struct Look {
    private let watcher: Watcher
    private let states: States
    /// Kept as long as memcached does not have what is needed, so that the next version costs its changes only.
    private var replica: Replica?

    private var application: ApplicationID { watcher.application }

    init(by watcher: Watcher, for states: States) {
        self.watcher = watcher
        self.states = states
    }

    mutating func run(_ pending: Watcher.Pending) async {
        if !pending.look, let position = pending.published, await follow(position) { return }
        let folding = states.beginLook(by: watcher)
        states.metrics.looked()
        var failure: (any Error)?
        do {
            try await askRedis(folding: folding)
        } catch {
            failure = error
            states.metrics.failed()
            states.logger.debug(
                "A look at an application failed; it is served from what is there",
                metadata: ["app": "\(application)", "error": "\(error)"])
        }
        let now = ContinuousClock.now
        states.update(by: watcher) { entry in
            entry.looksEnded = entry.looksBegun
            entry.lastLookFailed = failure != nil
            entry.lastLook = now
        }
    }

    /// A hint of the epoch that is being served needs no question to Redis: memcached has the snapshot, or somebody is lying.
    private mutating func follow(_ position: PositionToken) async -> Bool {
        guard let served = states.entry(application)?.served, served.epoch == position.epoch else { return false }
        if served.position >= position.number { return true }
        return await serveFromCache(epoch: position.epoch, atLeast: position.number)
    }

    private mutating func askRedis(folding: Watcher.Folding) async throws {
        guard let head = try await states.log.look(at: application) else {
            replica = nil
            states.update(by: watcher) { entry in
                entry.served = nil
                entry.isUnknown = true
                entry.workingBytes = 0
            }
            return
        }
        let goal = head.goal(folding)
        if let served = states.entry(application)?.served, served.epoch == head.epoch, served.position >= goal {
            return
        }
        if await serveFromCache(epoch: head.epoch, atLeast: goal) { return }
        try await rebuild(atLeast: goal)
    }

    /// - Returns: whether the cache had this epoch up to this position.
    private mutating func serveFromCache(epoch: Epoch, atLeast position: UInt64) async -> Bool {
        // With memcached away every state comes from Redis: that is what the log is for.
        let snapshot = try? await states.cache.find(application)
        let fits = snapshot.map { $0.epoch == epoch && $0.position >= position } ?? false
        states.metrics.snapshot(found: fits)
        guard fits, let snapshot else { return false }
        replica = nil
        serve(snapshot)
        return true
    }

    /// Folds the log itself, from the checkpoint or from where the last rebuild ended, and puts the result into the cache.
    private mutating func rebuild(atLeast position: UInt64) async throws {
        if replica == nil { replica = Replica(of: application, settings: states.log.settings) }
        var goal = position
        repeat {
            guard let slice = try await states.log.read(application, after: replica?.place) else { return }
            _ = try replica?.absorb(slice)
            // The log may have become another one since somebody looked.
            goal = min(position, slice.tail)
        } while replica?.place.map { $0.number < goal } ?? true
        replica?.keepRecords(Self.recordsKept)
        guard let snapshot = replica?.snapshot() else { return }
        states.metrics.rebuilt()
        serve(snapshot)
        _ = await states.cache.store(snapshot)
    }

    /// As many as a merge daemon gathers between two checkpoints, twice. Without a bound a server that folds for days would carry
    /// the records of all of it.
    private static let recordsKept = 2_000

    private func serve(_ snapshot: Snapshot) {
        let next = ServedState(snapshot)
        let kept = replica == nil ? 0 : snapshot.state.count * Self.replicaFactor
        states.update(by: watcher) { entry in
            entry.served = entry.served?.advanced(to: next) ?? next
            entry.isUnknown = false
            entry.workingBytes = kept
        }
        states.evict()
    }

    /// A document in memory takes a few times the bytes of its encoding.
    private static let replicaFactor = 4
}

extension LogHead {
    /// How far to fold. Nothing beyond the log is waited for: a position of this epoch that is not in it was never given out.
    fileprivate func goal(_ folding: Watcher.Folding) -> UInt64 {
        switch folding {
        case .nothing: merged
        case .upTo(let position): position.epoch == epoch ? max(merged, min(position.number, tail)) : merged
        case .everything: tail
        }
    }
}
