import Foundation
import Synchronization

/// What all clients of a workload have seen, and whatever of it must never be seen.
final class Observations: Sendable {
    private struct State {
        var bytes: [String: String] = [:]
        /// By position, the change that has it.
        var places: [String: String] = [:]
        var violations: [String] = []
        var answers: [Int: Int] = [:]
        var longestAnswer = Duration.zero
    }
    private let state = Mutex(State())

    /// Sentences; empty if all went as promised.
    var violations: [String] { state.withLock { $0.violations } }
    /// Polls answered, by status; 0 counts those that got no answer at all.
    var answers: [Int: Int] { state.withLock { $0.answers } }
    /// The longest time that a poll took.
    var longestAnswer: Duration { state.withLock { $0.longestAnswer } }

    func violated(_ sentence: String) {
        state.withLock { state in
            if state.violations.count < 20 { state.violations.append(sentence) }
        }
    }

    /// A poll was answered, or with nil not, after this time.
    func answered(_ status: Int?, after time: Duration) {
        state.withLock { state in
            state.answers[status ?? 0, default: 0] += 1
            state.longestAnswer = max(state.longestAnswer, time)
        }
    }

    /// Two answers with the same version have the same bytes, from any server.
    func saw(_ body: String, at version: String) {
        state.withLock { state in
            guard let other = state.bytes.updateValue(body, forKey: version), other != body else { return }
            state.violations.append("\(version) was “\(other.prefix(200))” and then “\(body.prefix(200))”")
        }
    }

    /// No position is given to two changes.
    func took(_ id: String, at position: String) {
        state.withLock { state in
            guard let other = state.places.updateValue(id, forKey: position), other != id else { return }
            state.violations.append("\(position) was given to \(other) and then to \(id)")
        }
    }

    /// Forgets what was counted so far, to see what comes from now on.
    func countAnew() {
        state.withLock { state in
            state.answers = [:]
            state.longestAnswer = .zero
        }
    }
}
