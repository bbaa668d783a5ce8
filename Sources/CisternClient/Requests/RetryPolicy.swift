// When a request is sent again. Pure: time and chance come from outside, so that every decision can be tested.

/// How often and how long a request is sent again before its failure is reported.
public struct RetryPolicy: Sendable, Hashable {
    /// From the first attempt on. When it has passed, the last failure is reported.
    public var deadline: Duration
    /// For one attempt, answer included; requests that wait at the server get their wait on top.
    public var attemptTimeout: Duration
    /// The longest pause after the first failure; it doubles with every further one.
    public var firstPause: Duration
    /// The longest pause after any failure, unless the server asks for more.
    public var longestPause: Duration

    public init(
        deadline: Duration = .seconds(30), attemptTimeout: Duration = .seconds(10),
        firstPause: Duration = .milliseconds(50), longestPause: Duration = .seconds(5)
    ) {
        self.deadline = deadline
        self.attemptTimeout = attemptTimeout
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// Half a minute.
    public static let standard = RetryPolicy()
    /// One attempt.
    public static let once = RetryPolicy(deadline: .zero)
}

/// The time by which a request's deadline and pauses go.
struct RetryClock: Sendable {
    /// Since any moment in the past.
    let now: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void

    static let continuous: RetryClock = {
        let start = ContinuousClock.now
        return RetryClock(now: { .now - start }, sleep: { try await Task.sleep(for: $0) })
    }()
}

/// The pauses of one request.
struct RetrySchedule {
    let policy: RetryPolicy
    private var failures = 0

    init(_ policy: RetryPolicy) { self.policy = policy }

    /// How long to wait before the next attempt; nil if there is to be none.
    ///
    /// The pause is at least half of what the number of failures gives and random above it, so that clients that failed together do not come back
    /// together. What the server asks for in `Retry-After` is never cut short.
    ///
    /// - Parameter elapsed: since the first attempt began.
    mutating func pause(
        after retryAfter: Duration?, elapsed: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        let doubled = policy.firstPause * (1 << min(failures, 20))
        let longest = min(doubled, policy.longestPause)
        failures += 1
        let chance = Double.random(in: 0..<1, using: &generator)
        let pause = (retryAfter ?? .zero) + longest / 2 + longest / 2 * chance
        return elapsed + pause < policy.deadline ? pause : nil
    }
}
