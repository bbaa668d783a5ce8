/// When a delivery is tried again. Pure: chance comes from outside.
package struct RetrySchedule: Hashable, Sendable {
    /// Pauses before the second attempt and each further one.
    package let pauses: [Duration]

    /// Attempts at 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after each other.
    package static let usual = RetrySchedule(
        pauses: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map { .seconds($0) })

    package init(pauses: [Duration]) { self.pauses = pauses }

    package var attempts: Int { pauses.count + 1 }

    /// The part of a pause by which it may be longer: so those that failed together do not come back together.
    package static let spread = 0.2

    /// The pause behind an attempt, counted from 1; nil if that was the last one. Never shorter than the schedule says.
    ///
    /// - Parameters:
    ///   - wished: What the endpoint said in Retry-After: kept between the pause and twice the pause.
    ///   - chance: From 0 to 1.
    package func pause(afterAttempt attempt: Int, wished: Duration? = nil, chance: Double) -> Duration? {
        guard attempt >= 1, attempt <= pauses.count else { return nil }
        let base = pauses[attempt - 1]
        let spread = base * (min(max(chance, 0), 1) * Self.spread)
        let asked = min(max(wished ?? base, base), base * 2)
        return max(base + spread, asked)
    }
}
