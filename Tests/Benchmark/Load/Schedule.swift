/// Moments at equal distances, given out as they come: work that is late is not left out, so that a slow server cannot make itself
/// look better ("coordinated omission").
struct Schedule: Sendable {
    /// Nanoseconds of the monotonic clock.
    let start: UInt64
    let perSecond: Double
    private(set) var next = 0

    init(start: UInt64, perSecond: Double) {
        self.start = start
        self.perSecond = perSecond
    }

    /// When the work with this number is due.
    func due(_ number: Int) -> UInt64 {
        start + UInt64(Double(number) / perSecond * 1_000_000_000)
    }

    /// What has become due since the last call.
    mutating func take(until now: UInt64) -> Range<Int> {
        let first = next
        guard now >= start else { return first..<first }
        while due(next) <= now { next += 1 }
        return first..<next
    }
}
