// Brings applications into a store by pushing changes, as any client does: nothing is written past the log.

import CisternClient
import Documents

struct Import: Sendable {
    let client: CisternClient
    /// Whether applications that are there are replaced.
    let replaces: Bool
    let run: String?

    enum Outcome: Sendable, Equatable {
        case imported
        /// The same import has brought it before.
        case wasThere
        /// It was imported before by the same import, and has been changed since.
        case changedSince
        /// There is an application of that name.
        case exists
        case failed(String)
    }

    /// Applications that are worked on at a time. Each waits for its merging, and holds a state in memory.
    static let width = 8
    /// How long a change may take to be merged.
    private static let patience = Duration.seconds(60)

    func bring(_ exported: ExportedApplication) async -> Outcome {
        do {
            let application = try client.application(exported.app)
            let changes = try StatePieces(exported.state).changes(of: exported, replacing: replaces, run: run)
            var last: (position: Position, isNew: Bool)?
            for change in changes {
                let (acknowledgement, isNew) = try await push(change, to: application)
                if case .rejected(let problem) = acknowledgement.outcome {
                    return problem.slug == "precondition-failed" ? .exists : .failed(problem.description)
                }
                guard acknowledgement.outcome == .applied else {
                    return .failed("The application was deleted meanwhile.")
                }
                last = (acknowledgement.position, isNew)
            }
            let state = try await application.state(atLeast: last?.position, wait: Self.patience)
            if state.json.bytes == exported.state.encoded() { return last?.isNew == true ? .imported : .wasThere }
            return last?.isNew == true ? .imported : .changedSince
        } catch let error as Failure {
            return .failed(error.description)
        } catch {
            return .failed("\(error)")
        }
    }

    /// Until it is known what became of it.
    private func push(
        _ change: Change, to application: Application
    ) async throws -> (acknowledgement: Acknowledgement, isNew: Bool) {
        var acknowledgement = try await application.push(change, wait: Self.patience)
        let isNew = acknowledgement.isNew == true
        let end = ContinuousClock.now + Self.patience
        while acknowledgement.outcome == .pending {
            guard ContinuousClock.now < end else {
                throw Failure(
                    .unavailable, "It is not merged yet after \(Wording.seconds(Self.patience)).",
                    advice: "Does a merge-daemon run? Import again then; what is there is recognised.")
            }
            acknowledgement = try await application.change(change.id, wait: Self.patience)
        }
        return (acknowledgement, isNew)
    }
}
