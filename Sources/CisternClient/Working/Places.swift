// How many operations a worker may work on yet.

import Synchronization

final class Places: Sendable {
    private struct Inner {
        var free: Int
        var wake = Promise<Void>()
    }

    private let inner: Mutex<Inner>

    init(_ count: Int) { inner = Mutex(Inner(free: count)) }

    /// As soon as there is at least one; nil if the task is cancelled first.
    func free() async -> Int? {
        while true {
            let (free, wake) = inner.withLock { inner in
                inner.wake = Promise()
                return (inner.free, inner.wake)
            }
            if free > 0 { return free }
            guard await wake.value() != nil else { return nil }
        }
    }

    func take() { inner.withLock { $0.free -= 1 } }

    func giveBack() {
        inner.withLock { inner in
            inner.free += 1
            return inner.wake
        }.keep(())
    }
}
