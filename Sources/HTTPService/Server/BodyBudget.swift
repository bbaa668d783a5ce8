// How much memory may be held for what peers have not sent whole yet.

import Synchronization

/// The memory that all bodies together may take, or all messages of another kind.
package final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    package init(bytes: Int) { limit = bytes }

    package func take(_ bytes: Int) -> Bool {
        used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    package func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
