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

    /// Runs `body` with the looks of somebody who waits until a deadline: one whenever `Looks.look` is called, and one now and then in case
    /// it was not. They end at the deadline, and when the server is told to stop: `body` then answers what it knows.
    package static func withLooks<Value: Sendable, Failure: Error>(
        every interval: Duration, until deadline: ContinuousClock.Instant,
        _ body: (Looks) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let looks = Looks()
        async let _: Void = {
            while ContinuousClock.now < deadline, !Task.isCancelled {
                try? await Task.sleep(until: min(deadline, .now + interval), clock: .continuous)
                looks.look()
            }
            looks.end()
        }()
        async let _: Void = {
            try? await gracefulShutdown()
            looks.end()
        }()
        // Leaving the scope cancels both.
        return try await body(looks)
    }

    /// Says when to look whether what is waited for is there. Looks that nobody has taken yet are one.
    package struct Looks: Sendable {
        package let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() {
            (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        }

        package func look() { continuation.yield() }

        func end() { continuation.finish() }
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
