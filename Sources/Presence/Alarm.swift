// Which timers have to be started. None is ever taken back, which costs an event loop more than one that rings for nothing: an earlier
// one is started beside a later one, and the later one then serves whoever wants its time.

struct Alarm {
    typealias Instant = ContinuousClock.Instant

    /// When timers will ring, the earliest last; a handful.
    private var times: [Instant] = []

    /// - Returns: when a timer has to be started for, so that one rings at this time or before; nil if one will.
    mutating func set(for time: Instant) -> Instant? {
        if let earliest = times.last, earliest <= time { return nil }
        times.append(time)
        return time
    }

    /// The timer for this time has rung. What time it is does not matter: event loops have a clock of their own, and where that is
    /// ahead there is nothing to do yet, and the next timer is for the same time.
    mutating func rang(_ time: Instant) { times.removeAll { $0 == time } }
}
