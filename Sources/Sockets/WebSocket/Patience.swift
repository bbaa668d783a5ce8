// How long something has been so, measured by the event loop's ticks: no look at the clock and no timer for each frame.

import NIOCore

struct Patience {
    private var end = NIODeadline.distantFuture

    /// - Parameters:
    ///   - holds: Whether it is so now. The time begins with the tick that first sees it.
    ///   - limit: How long it may be so.
    mutating func isOver(_ now: NIODeadline, while holds: Bool, limit: Duration) -> Bool {
        guard holds else {
            end = .distantFuture
            return false
        }
        if end == .distantFuture { end = now + TimeAmount(limit) }
        return end <= now
    }

    /// Begins again with the next tick.
    mutating func renew() { end = .distantFuture }
}
