// How long answers are held back, and what ends that early.

import ServiceLifecycle

package enum Waiting {
    /// The part of a wait by which it may end early, so that pollers who began together do not come back together. A hundredth at
    /// least, so that the answer is there before the time is over: waits never end late.
    package static let largestHurry = 0.1
    private static let smallestHurry = 0.01

    package static func hurried(_ wait: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        wait - wait * Double.random(in: smallestHurry..<largestHurry, using: &generator)
    }

    package static func hurried(_ wait: Duration) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return hurried(wait, using: &generator)
    }

    /// Waits for something, no longer than to a deadline, nor when the server is told to stop: it answers what it knows.
    ///
    /// - Parameter event: Ends when it has happened, or on cancellation.
    /// - Returns: whether it has happened.
    package static func happens(
        before deadline: ContinuousClock.Instant, _ event: @escaping @Sendable () async -> Void
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await event()
                return true
            }
            group.addTask {
                try? await gracefulShutdown()
                return false
            }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return false
            }
            let happened = await group.next() ?? false
            group.cancelAll()
            return happened
        }
    }
}
