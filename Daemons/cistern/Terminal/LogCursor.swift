// How far a log was listed, and what a person is told when it is another one, or away.

import CisternClient

struct LogCursor {
    private(set) var position: UInt64
    private var epoch: String?
    /// What is told once until it is over.
    private var trouble: String?

    init(after position: UInt64) { self.position = position }

    /// - Returns: what to say.
    mutating func take(_ status: ApplicationStatus) -> String? {
        trouble = nil
        defer { epoch = status.epoch }
        if let epoch, epoch != status.epoch {
            position = 0
            return "The log of “\(status.application)” has begun anew."
        }
        // What is folded in and stored leaves the log.
        guard status.checkpoint > position else { return nil }
        defer { position = status.checkpoint }
        return epoch == nil && position == 0
            ? nil : "Changes \(position + 1) to \(status.checkpoint) have left the log already."
    }

    mutating func advance(to position: UInt64?) {
        if let position { self.position = position }
    }

    /// - Returns: what to say, if it was not said before.
    /// - Throws: what will not pass.
    mutating func take(_ error: CisternError, app: String) throws(CisternError) -> String? {
        let next: String
        switch error {
        case .refused(let problem) where problem.slug == "unknown-app":
            next = "There is no application “\(app)”; waiting for its first change."
        case .refused(let problem) where [429, 502, 503, 504].contains(problem.status):
            next = "\(problem) Trying again…"
        case .unreachable: next = "\(Failure(error).message) Trying again…"
        case .refused, .unexpectedAnswer, .invalidRequest, .cancelled: throw error
        }
        defer { trouble = next }
        return next == trouble ? nil : next
    }
}
