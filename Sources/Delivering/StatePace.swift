// How often the states of a partition are looked at: at once when there is news after a silence, else four times a second, however many versions
// there are. Of a state only the last one matters.

import Synchronization

final class StatePace: Sendable {
    typealias Time = ContinuousClock.Instant

    private let times: Mutex<[Time?]>

    static let pause: Duration = .milliseconds(250)

    init(partitions: Int) {
        times = Mutex(Array(repeating: nil, count: partitions))
    }

    /// Whether the partition's turn has come; then it is over for a while.
    func take(_ partition: Int, at now: Time = .now) -> Bool {
        times.withLock { times in
            if let next = times[partition], now < next { return false }
            times[partition] = now + Self.pause
            return true
        }
    }

    func isDue(_ partition: Int, at now: Time = .now) -> Bool {
        times.withLock { times in times[partition].map { $0 <= now } ?? true }
    }

    /// When its turn comes.
    func next(_ partition: Int) -> Time { times.withLock { $0[partition] } ?? .now }
}
