// The long poll: everybody who is here, as soon as that differs from what the client has.

import Fold
import HTTPService
import ServiceLifecycle
import Synchronization

extension Presences {
    /// Everybody who is here.
    ///
    /// - Parameters:
    ///   - known: What the client has.
    ///   - deadline: When it is answered at the latest, whether anything differs or not; nil to answer at once.
    /// - Returns: what is known here if the task is cancelled, or if too many wait already.
    func content(
        of application: ApplicationID, differingFrom known: KnownTags, until deadline: ContinuousClock.Instant?
    ) async throws(PresenceRefusal) -> PresenceContent {
        while true {
            let (look, following) = try look(at: application)
            // A server that has just begun to follow hears first what the others know.
            let isWanted = look.isSettled && (deadline == nil || !known.contains(look.content.etag))
            if isWanted { return look.content }
            let end = look.isSettled ? deadline : nil
            let hasChanged = await notice(
                at: following, after: look.generation, until: end ?? .now + configuration.settlingTime)
            if !hasChanged, look.isSettled || Task.isCancelled { return try self.look(at: application).look.content }
        }
    }

    /// - Returns: false at the deadline, on cancellation, on shutdown, or if too many wait already.
    private func notice(
        at following: Following, after generation: UInt64, until deadline: ContinuousClock.Instant
    ) async -> Bool {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        return await waiting.whileTaken {
            surroundings.metrics.waiting(1)
            defer { surroundings.metrics.waiting(-1) }
            let waiter = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
            return await Waiting.happens(before: deadline) {
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        if !following.wait(waiter, since: generation, continuation) { continuation.resume() }
                    }
                } onCancel: {
                    following.stopWaiting(waiter)
                }
            }
        } ?? false
    }
}
