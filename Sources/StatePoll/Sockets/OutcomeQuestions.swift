// What came of changes that clients have pushed by sockets: the log is asked once for all sockets of an application on this event loop
// that want to know, not once for each.
//
//     asked, asked, … ──end of the turn──▶ under way ──▶ told; what was asked meanwhile goes next

import ChangeLog
import Fold
import NIOCore

/// A change that has a position.
struct PushedChange: Sendable, Equatable {
    let id: ChangeID
    let receipt: PositionToken
}

/// What the log says of one.
enum PushOutcome: Sendable {
    case rejected(Rejection)
    /// Nobody has noted yet what came of it, or the log cannot be asked.
    case open
    /// It was applied, or its epoch is over.
    case settled
}

final class OutcomeQuestions {
    /// Gives one outcome for each change.
    typealias Asking = @Sendable ([PushedChange], ApplicationID) async throws -> [PushOutcome]

    private struct Asked {
        let changes: [PushedChange]
        let answer: ([PushOutcome]) -> Void
    }

    private let eventLoop: any EventLoop
    private let asking: Asking
    /// Those that wait for the next question. There is an entry as long as a question is about to be asked, or is under way.
    private var waiting: [ApplicationID: [Asked]] = [:]

    /// Changes in one question, unless a single socket asks for more; as many as one append has.
    static let mostChanges = ChangeLog.maximumChangesPerAppend

    init(on eventLoop: any EventLoop, _ asking: @escaping Asking) {
        self.eventLoop = eventLoop
        self.asking = asking
    }

    /// - Parameter answer: is called with an outcome for each change.
    func ask(
        about changes: [PushedChange], in application: ApplicationID, answer: @escaping ([PushOutcome]) -> Void
    ) {
        let isFirst = waiting[application] == nil
        waiting[application, default: []].append(Asked(changes: changes, answer: answer))
        // One version is told to many sockets in one turn.
        if isFirst { eventLoop.assumeIsolated().execute { self.askNext(application) } }
    }

    private func askNext(_ application: ApplicationID) {
        var count = 0
        let those = (waiting[application] ?? []).prefix { asked in
            count += asked.changes.count
            return count <= Self.mostChanges || count == asked.changes.count
        }
        guard !those.isEmpty else {
            waiting[application] = nil
            return
        }
        waiting[application]?.removeFirst(those.count)
        let changes = those.flatMap(\.changes)
        let promise = eventLoop.makePromise(of: [PushOutcome].self)
        promise.completeWithTask { [asking] in try await asking(changes, application) }
        promise.futureResult.assumeIsolated().whenComplete { result in
            var outcomes = ((try? result.get()) ?? Array(repeating: .open, count: changes.count))[...]
            for asked in those {
                asked.answer(Array(outcomes.prefix(asked.changes.count)))
                outcomes = outcomes.dropFirst(asked.changes.count)
            }
            self.askNext(application)
        }
    }
}

extension ChangeLog {
    /// What came of changes that are folded in somewhere. A poll server may fold in more than is merged, and then nobody has noted yet
    /// what came of that.
    func outcomes(of changes: [PushedChange], in application: ApplicationID) async throws -> [PushOutcome] {
        guard let head = try await look(at: application) else { return changes.map { _ in .settled } }
        let merged = changes.filter { $0.receipt.epoch == head.epoch && $0.receipt.number <= head.merged }
        let found = try await rejections(of: merged.map { (id: $0.id, position: $0.receipt.number) }, in: application)
        var rejections = found[...]
        return changes.map { change in
            guard change.receipt.epoch == head.epoch else { return .settled }
            guard change.receipt.number <= head.merged else { return .open }
            return rejections.popFirst().flatMap { $0 }.map { .rejected($0) } ?? .settled
        }
    }
}
