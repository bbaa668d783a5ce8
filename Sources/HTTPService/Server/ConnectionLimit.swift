// How many connections are open: the gauge, and the cap above which no more are accepted.

import HummingbirdCore
import Metrics

/// Told by the listener about each connection. Above the cap the kernel's queue holds new ones until another closes.
struct ConnectionLimit: AvailableConnectionsDelegate {
    private let maximum: Int
    private let gauge: Meter
    private var count = 0

    init(_ maximum: Int, gauge: Meter) {
        self.maximum = maximum
        self.gauge = gauge
    }

    mutating func connectionOpened() {
        count += 1
        gauge.set(count)
    }

    mutating func connectionClosed() {
        count -= 1
        gauge.set(count)
    }

    func isAcceptingNewConnections() -> Bool { count < maximum }
}
