// How soon the next poll is welcome: as often as configured while there is room, less often the busier the event loop is. Pollers who
// follow it keep a busy server from getting busier; latency grows before anything is refused.

struct Cadence {
    /// The configured interval: what is said while there is room.
    let shortest: Duration
    private(set) var interval: Duration

    /// Shares of an event loop's time: above the upper one polls have to wait for each other noticeably; below the lower one there is room
    /// for the pollers that come back sooner. Between the two nothing changes, so that the interval does not swing.
    static let upper = 0.85
    static let lower = 0.6
    /// By how much the interval grows or shrinks in a second. Pollers learn of it one poll later.
    static let factor = 1.25
    /// Times the shortest: slower than that, polling is of no use.
    static let longestFactor = 16

    init(_ shortest: Duration) {
        self.shortest = shortest
        interval = shortest
    }

    /// - Parameter load: the share of the last second in which the event loop was busy.
    /// - Returns: whether another interval is to be told from now on.
    mutating func observe(load: Double) -> Bool {
        let before = interval
        if load > Self.upper {
            interval = min(interval * Self.factor, shortest * Self.longestFactor)
        } else if load < Self.lower {
            interval = max(interval / Self.factor, shortest)
        }
        return interval != before
    }
}
