// A value that comes later, for as many as wait for it.

import Synchronization

final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open([Int: CheckedContinuation<Value?, Never>], next: Int)
        case kept(Value)
    }
    private let state = Mutex(State.open([:], next: 0))

    /// The first value counts.
    func keep(_ value: Value) {
        let waiting = state.withLock { state in
            guard case .open(let waiting, _) = state else { return [Int: CheckedContinuation<Value?, Never>]() }
            state = .kept(value)
            return waiting
        }
        for continuation in waiting.values { continuation.resume(returning: value) }
    }

    /// Nil if the task is cancelled first.
    func value() async -> Value? {
        let number = state.withLock { state in
            guard case .open(let waiting, let next) = state else { return 0 }
            state = .open(waiting, next: next + 1)
            return next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = Task.isCancelled
                let known: Value?? = state.withLock { state in
                    switch state {
                    case .kept(let value): return value
                    case .open(var waiting, let next):
                        if isCancelled { return .some(nil) }
                        waiting[number] = continuation
                        state = .open(waiting, next: next)
                        return .none
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
                guard case .open(var waiting, let next) = state else { return nil }
                let continuation = waiting.removeValue(forKey: number)
                state = .open(waiting, next: next)
                return continuation
            }
            continuation?.resume(returning: nil)
        }
    }
}
