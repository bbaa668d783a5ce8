// How often somebody may do something: the generic cell rate algorithm (ITU-T I.371), which is a token bucket of a single number. Pure:
// time comes from outside, in nanoseconds of any clock that does not go back.

/// So many units in a time, and so many at once after a rest.
package struct RateLimit: Equatable, Sendable {
    /// Units at once after a rest.
    package let burst: Int
    /// Nanoseconds in which one unit comes back.
    package let interval: UInt64

    /// Units in a time, and at once: at one an hour, what is owed for twice as many is within 64 bits of nanoseconds.
    package static let mostUnits = 1_000_000
    package static let longestPeriod = Duration.seconds(3_600)

    /// What is out of bounds is brought within.
    ///
    /// - Parameters:
    ///   - period: More than nothing, and an hour at most.
    ///   - burst: As many as in the period if absent.
    package init(_ units: Int, per period: Duration = .seconds(1), burst: Int? = nil) {
        let units = min(max(units, 1), Self.mostUnits)
        let period = UInt64(max(1, min(period, Self.longestPeriod) / .nanoseconds(1)))
        self.burst = min(max(burst ?? units, 1), Self.mostUnits)
        // Rounded up: never more than what was said.
        interval = max(1, (period + UInt64(units) - 1) / UInt64(units))
    }

    /// Nanoseconds in which the whole burst comes back.
    package var window: UInt64 { interval * UInt64(burst) }

    /// Takes units, or finds that there are too few.
    ///
    /// Whoever wants more at once than the burst waits until all of it is there, takes it and owes the rest: so what is large is not
    /// refused for ever, and over time nobody gets more than the rate.
    ///
    /// - Parameters:
    ///   - units: 1 and more; what is beyond ``mostUnits`` counts as that.
    ///   - due: When everything will be there again, as the last call said; 0 in the beginning.
    func take(_ units: Int, due: UInt64, at now: UInt64) -> (due: UInt64, standing: Standing) {
        let start = max(due, now)
        let needed = interval * UInt64(min(max(units, 1), burst))
        guard start - now + needed <= window else {
            return (due, Standing(of: self, due: start, at: now, wait: start - now + needed - window))
        }
        let taken = start + interval * UInt64(min(max(units, 1), Self.mostUnits))
        return (taken, Standing(of: self, due: taken, at: now, wait: 0))
    }
}

/// What is left after somebody has taken something, or could not.
package struct Standing: Equatable, Sendable {
    /// Units that are there now.
    package let remaining: Int
    /// Nanoseconds until everything is there again.
    package let reset: UInt64
    /// Nanoseconds until what was refused will be there; 0 if it was granted.
    package let wait: UInt64

    package var isGranted: Bool { wait == 0 }

    fileprivate init(of limit: RateLimit, due: UInt64, at now: UInt64, wait: UInt64) {
        reset = due - now
        remaining = reset >= limit.window ? 0 : Int((limit.window - reset) / limit.interval)
        self.wait = wait
    }
}
