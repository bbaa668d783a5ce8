// How long to wait before something is tried again. Bounds only: whoever sets the timer picks a moment between them, so that clients that
// failed together do not come back together.

enum Pause {
    /// The longest pause after a first failure.
    static let first: Duration = .milliseconds(100)
    /// The longest pause after any failure: a server that comes back is found within half a minute.
    static let longest: Duration = .seconds(30)
    /// Doublings after which a pause is the longest one anyway.
    private static let mostDoublings = 20

    /// The bounds of the pause after so many failures in a row. What the server asks for is never cut short.
    static func after(failures: Int, retryAfter: Duration = .zero) -> ClosedRange<Duration> {
        let doublings = min(max(failures - 1, 0), mostDoublings)
        let longest = min(first * (1 << doublings), Self.longest)
        return retryAfter + longest / 2...retryAfter + longest
    }
}
