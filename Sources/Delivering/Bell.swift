// Wakes whoever waits: at once, or as soon as it waits next.

import Synchronization

final class Bell: Sendable {
    private enum State {
        case silent
        case rung
        case awaited(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.silent)

    func ring() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state {
            case .silent, .rung:
                state = .rung
                return nil
            case .awaited(let continuation):
                state = .silent
                return continuation
            }
        }
        waiting?.resume()
    }

    /// Returns when it rings, after that time, or when the task is cancelled. For one task at a time.
    func wait(upTo time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.rung() }
            group.addTask {
                await Pause.sleep(for: time)
                self.stop()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func rung() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if case .rung = state {
                        state = .silent
                        return true
                    }
                    if Task.isCancelled { return true }
                    state = .awaited(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            stop()
        }
    }

    /// Lets go of who waits, without a ring for the next one.
    private func stop() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .awaited(let continuation) = state else { return nil }
            state = .silent
            return continuation
        }
        waiting?.resume()
    }
}
