/// How often who waits for an operation should ask: the longer it has taken, the longer it may take yet.
package enum OperationPace {
    /// Seconds, as long as a wait.
    package static let slowest = 60

    /// Seconds until the next question: 1, 2, 4, … 60. Whoever keeps to it asks when the operation is 1, 3, 7, … seconds old.
    ///
    /// - Parameters:
    ///   - age: Milliseconds since the operation was made.
    ///   - start: Milliseconds until it may be claimed, if that is to come; nothing happens before.
    package static func retryAfter(age: UInt64, start: UInt64 = 0) -> Int {
        var pause = 1
        while pause < slowest, UInt64(2 * pause - 1) * 1_000 <= age { pause *= 2 }
        let wait = start / 1_000 + (start % 1_000 > 0 ? 1 : 0)
        return min(slowest, max(pause, Int(clamping: wait)))
    }
}
