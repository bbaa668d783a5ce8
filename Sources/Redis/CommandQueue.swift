import DequeModule
import NIOCore

/// The commands of one connection that wait for their replies, in the order in which they were sent. Pure: it decides,
/// `CommandHandler` does.
///
///     open ──drain()──▶ draining ──last reply──▶ close
///       └──────────────────┴────────close()────▶ closed
///
/// Redis answers in order, so the oldest entry owns the next reply. All commands have the same time limit, so the
/// oldest entry is also the first to expire, and one timer serves all of them. A command that expired cannot be taken
/// out alone, because its reply may still come and would be given to the next one: the connection has to be closed.
struct CommandQueue<Waiter> {
    private enum State {
        /// Takes commands.
        case open
        /// Takes no commands any more; those that are in flight get their replies.
        case draining
        case closed
    }

    private struct Entry {
        let waiter: Waiter
        let size: Int
        let sent: NIODeadline
    }

    private let limits: RedisConfiguration.InFlightLimits
    private let timeout: TimeAmount
    private var state = State.open
    private var entries: Deque<Entry> = []
    private var bytes = 0
    private var timerRuns = false

    init(limits: RedisConfiguration.InFlightLimits, timeout: TimeAmount) {
        self.limits = limits
        self.timeout = timeout
    }

    var count: Int { entries.count }
}

extension CommandQueue {
    enum Admission {
        /// Send it; and start the timer, if a time is given.
        case send(startTimerAt: NIODeadline?)
        case refuseClosing(Waiter)
        /// `limit` is the number of commands or of bytes that is exhausted.
        case refuseFull(Waiter, limit: Int)
    }

    /// - Parameter size: bytes of the command. One command may exceed the limit of bytes if nothing else is in flight.
    mutating func admit(_ waiter: Waiter, size: Int, now: NIODeadline) -> Admission {
        guard case .open = state else { return .refuseClosing(waiter) }
        guard entries.count < limits.commands else { return .refuseFull(waiter, limit: limits.commands) }
        guard bytes == 0 || bytes + size <= limits.bytes else { return .refuseFull(waiter, limit: limits.bytes) }
        entries.append(Entry(waiter: waiter, size: size, sent: now))
        bytes += size
        guard !timerRuns else { return .send(startTimerAt: nil) }
        timerRuns = true
        return .send(startTimerAt: now + timeout)
    }

    enum Delivery {
        case deliver(Waiter, sent: NIODeadline, thenClose: Bool)
        /// A reply to nothing: whoever is at the other end, replies cannot be matched to commands any more.
        case unexpected
    }

    mutating func replyArrived() -> Delivery {
        guard let entry = entries.popFirst() else { return .unexpected }
        bytes -= entry.size
        let isLast =
            switch state {
            case .draining: entries.isEmpty
            case .open, .closed: false
            }
        return .deliver(entry.waiter, sent: entry.sent, thenClose: isLast)
    }

    enum TimerAction: Equatable {
        case stop
        case again(at: NIODeadline)
        /// The oldest command got no reply in time.
        case expired
    }

    mutating func timerFired(now: NIODeadline) -> TimerAction {
        guard let oldest = entries.first else {
            timerRuns = false
            return .stop
        }
        let deadline = oldest.sent + timeout
        guard deadline <= now else { return .again(at: deadline) }
        timerRuns = false
        return .expired
    }

    /// - Returns: whether nothing is in flight, so that the connection can be closed at once.
    mutating func drain() -> Bool {
        if case .open = state { state = .draining }
        return entries.isEmpty
    }

    /// - Returns: everybody who waits for a reply that will not come.
    mutating func close() -> [Waiter] {
        state = .closed
        defer {
            entries.removeAll()
            bytes = 0
        }
        return entries.map(\.waiter)
    }
}
