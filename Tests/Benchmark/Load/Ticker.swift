import NIOCore

/// Calls something every millisecond on its loop, with the time in nanoseconds.
final class Ticker {
    private var task: RepeatedTask?

    func start(on loop: any EventLoop, _ tick: @escaping (UInt64) -> Void) {
        let bound = NIOLoopBound(tick, eventLoop: loop)
        task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { _ in
            bound.value(NIODeadline.now().uptimeNanoseconds)
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
