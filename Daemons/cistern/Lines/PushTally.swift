// What became of changes that were pushed line by line: counts for the end, and which lines are not done.

import CisternClient

struct PushTally: Sendable {
    /// Refusals and rejections that are told one by one.
    static let mostReasons = 20

    private(set) var applied = 0
    private(set) var unknown = 0
    private(set) var rejected = 0
    private(set) var refused = 0
    /// By the number of the line.
    private(set) var reasons: [(line: Int, reason: String)] = []
    /// The lines that were handed over and of which nothing is known yet.
    private(set) var open: Set<Int> = []
    /// Of the last change in the log.
    private(set) var receipt: Position?

    var done: Int { applied + unknown + rejected + refused }
    var hasFailures: Bool { rejected + refused > 0 }

    mutating func begin(_ line: Int) { open.insert(line) }

    mutating func end(_ line: Int, _ result: Result<FoldedChange, ChangeFailure>) {
        switch result {
        case .success(let folded):
            switch folded.outcome {
            case .applied: applied += 1
            case .unknown: unknown += 1
            }
            take(folded.receipt)
        case .failure(.rejected(_, let problem)):
            rejected += 1
            note(line, "was rejected: \(problem)")
        case .failure(.refused(_, let problem)):
            refused += 1
            note(line, "was refused: \(problem)")
        // Nothing is known of it.
        case .failure(.closed), .failure(.cancelled): return
        case .failure(let failure):
            refused += 1
            note(line, "was not sent: \(failure)")
        }
        open.remove(line)
    }

    private mutating func note(_ line: Int, _ reason: String) {
        if reasons.count < Self.mostReasons { reasons.append((line, reason)) }
    }

    private mutating func take(_ new: Position?) {
        guard let new else { return }
        if let receipt, receipt.epoch == new.epoch, receipt.number > new.number { return }
        receipt = new
    }

    /// `3 changes: 2 applied, 1 rejected.`
    var summary: String {
        let counts = [
            (applied, "applied"), (rejected, "rejected"), (refused, "refused"), (unknown, "folded in, outcome unknown"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\(Wording.count($0.0)) \($0.1)" }
        return "\(Wording.plural(done, "change"))" + (parts.isEmpty ? "." : ": \(parts.joined(separator: ", ")).")
    }

    /// What is not known to be folded in; nil if everything is.
    func remainder(keptIn file: String?) -> String? {
        guard let first = open.min() else { return nil }
        let verb = open.count == 1 ? "is" : "are"
        let text = "\(Wording.plural(open.count, "change")) from line \(first) on \(verb) not known to have arrived"
        return text + (file.map { "; \($0) keeps what was not sent for the next time." } ?? ".")
    }
}
