// What a worker says to people, on standard error: a line for each thing that happens, with the operation in front.

import CisternClient

enum WorkNotes {
    static func begun(_ claim: Claim) {
        let attempt = claim.operation.attempt
        note(claim, attempt > 1 ? "begun, attempt \(attempt)" : "begun")
    }

    /// A line of a command.
    static func said(_ line: ChildLine, on claim: Claim) async {
        switch line {
        case .progress(let progress): claim.report(progress)
        case .checkpoint(let checkpoint):
            do { try await claim.keep(checkpoint) } catch { note(claim, "its checkpoint is not kept: \(error)") }
        case .error: break
        case .text(let text): note(claim, text)
        }
    }

    static func ended(_ claim: Claim, _ ending: WorkEnding) { note(claim, text(ending)) }

    static func stopping(within time: Duration) {
        Terminal.error.print(
            "Stopping: what is under way may go on for \(Wording.seconds(time)). Once more ends it at once.")
    }

    static func text(_ ending: WorkEnding) -> String {
        switch ending {
        case .finished: "done"
        case .failed(let failure, let attempt):
            // The lines before the last one were shown as they came.
            "failed: \(failure.message.split(separator: "\n").last ?? "") [\(failure.code)]"
                + (attempt.nextAttempt.map { "; next attempt at \($0)" } ?? "; it is \(attempt.status.rawValue)")
        case .cancelled: "cancelled"
        case .givenBack: "given back"
        case .lost: "its lease was lost; somebody else may have it"
        case .untold(let error): "its end could not be told: \(error)"
        }
    }

    private static func note(_ claim: Claim, _ text: String) {
        let name = "\(claim.operation.application)/\(claim.operation.id)"
        Terminal.error.print("\(Terminal.error.paint(name, .faint)) \(Wording.printable(text))")
    }
}
