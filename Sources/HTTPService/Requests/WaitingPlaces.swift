// Room for those who wait: each of them costs memory for as long as it pleases, so there is a bound to how many they are.

import Synchronization

/// The places for all who wait on a server for one kind of thing.
package final class WaitingPlaces: Sendable {
    private let free: Atomic<Int>

    package init(_ count: Int) { free = Atomic(count) }

    /// - Returns: false if there is none left.
    package func take() -> Bool {
        guard free.subtract(1, ordering: .relaxed).newValue >= 0 else {
            giveBack()
            return false
        }
        return true
    }

    package func giveBack() { free.add(1, ordering: .relaxed) }

    /// Runs `body` in a place.
    ///
    /// - Returns: nil if there is none left; then it is not run.
    package func whileTaken<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value? {
        guard take() else { return nil }
        defer { giveBack() }
        return try await body()
    }
}
