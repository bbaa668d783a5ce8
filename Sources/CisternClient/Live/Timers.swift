// The timers of one live application, on an event loop: nobody sleeps for them.

import NIOCore
import NIOPosix
import Synchronization

final class Timers: Sendable {
    private let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private let scheduled = Mutex<[TimerName: Scheduled<Void>]>([:])

    /// In place of one of the same name.
    func set(_ name: TimerName, after time: Duration, _ fire: @escaping @Sendable () -> Void) {
        let next = loop.scheduleTask(in: TimeAmount(time), fire)
        scheduled.withLock { $0.updateValue(next, forKey: name) }?.cancel()
    }

    func cancel(_ name: TimerName) {
        scheduled.withLock { $0.removeValue(forKey: name) }?.cancel()
    }

    func cancelAll() {
        for timer in scheduled.withLock({ Array($0.values) }) { timer.cancel() }
    }
}
