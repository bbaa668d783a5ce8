// How many applications a client may begin to push to: each costs memory in Redis for good, whatever little is pushed to it.

import Documents
import Fold
import RateLimits

final class ApplicationRate: Sendable {
    private let table: RateTable
    /// Of each client and application that it has pushed to lately.
    private let known = KeyMemory()

    init(_ limit: RateLimit) { table = RateTable(limit) }

    /// Throws if the client has begun with too many already.
    ///
    /// What was pushed to lately costs nothing. To be forgotten, because others have pushed since, costs the client one more.
    func begin(_ application: RateKey, by client: RateKey, at now: UInt64) throws(Problem) {
        let pair = RateKey(client, with: application)
        guard !known.holds(pair) else { return }
        let standing = table.take(1, for: client, at: now).standing
        guard standing.isGranted else {
            throw .rateLimited(.applications, .push, after: .nanoseconds(Int64(clamping: standing.wait)))
        }
        known.note(pair)
    }
}
