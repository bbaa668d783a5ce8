/// How long to wait before the next attempt to connect: twice as long after each failure, up to a bound, with jitter so
/// that a thousand clients do not come back at the same instant.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var failures = 0
    private var random: any RandomNumberGenerator & Sendable

    package init(
        first: Duration = .milliseconds(20), longest: Duration = .seconds(2),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.first = first
        self.longest = longest
        self.random = random
    }

    /// The next wait: between half and all of the exponential step.
    package mutating func next() -> Duration {
        var step = first
        for _ in 0..<failures where step < longest { step *= 2 }
        failures += 1
        return min(step, longest) * Double.random(in: 0.5...1, using: &random)
    }

    /// After a success.
    package mutating func reset() { failures = 0 }
}
