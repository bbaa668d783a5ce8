import NIOCore

/// Calls something again and again on its loop, with the time in nanoseconds.
final class Ticker {
    enum Pace {
        /// Every millisecond.
        case calm
        /// All the time, so that the loop hardly ever sleeps: a thread that sleeps has to be woken for every answer, and on one machine
        /// that is work of the server's core. Clients elsewhere cost it nothing. One on a loop: two would leave it no time to look at
        /// what has come.
        case awake
    }

    private let pace: Pace
    private var task: RepeatedTask?

    /// Spent waiting after each call; what has come meanwhile is then looked at.
    private static let awake = TimeAmount.microseconds(200)

    init(_ pace: Pace) {
        self.pace = pace
    }

    func start(on loop: any EventLoop, _ tick: @escaping (UInt64) -> Void) {
        let bound = NIOLoopBound(tick, eventLoop: loop)
        switch pace {
        case .calm:
            task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { _ in
                bound.value(NIODeadline.now().uptimeNanoseconds)
            }
        case .awake:
            // Without a pause the loop would go from one call to the next.
            task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .microseconds(10)) { _ in
                let now = NIODeadline.now()
                bound.value(now.uptimeNanoseconds)
                while NIODeadline.now() < now + Self.awake {}
            }
        }
    }

    func stop() {
        task?.cancel()
        task = nil
    }
}

/// Microseconds since a moment.
func microseconds(since start: UInt64, until now: UInt64) -> UInt32 {
    UInt32(clamping: (now - min(start, now)) / 1_000)
}
