import NIOCore

/// Calls something again and again on its loop, with the time in nanoseconds, and hardly lets the loop sleep in between: a thread that
/// sleeps has to be woken for every answer, and on one machine that is work of the server's core. Clients elsewhere cost it nothing.
final class Ticker {
    private var task: RepeatedTask?

    /// Between two calls, spent waiting; what has come meanwhile is then looked at.
    private static let awake = TimeAmount.microseconds(200)
    /// For the loop to look at what has come. With none at all it would never look.
    private static let pause = TimeAmount.microseconds(10)

    func start(on loop: any EventLoop, _ tick: @escaping (UInt64) -> Void) {
        let bound = NIOLoopBound(tick, eventLoop: loop)
        task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.pause) { _ in
            let now = NIODeadline.now()
            bound.value(now.uptimeNanoseconds)
            while NIODeadline.now() < now + Self.awake {}
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
