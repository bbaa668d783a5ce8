// How far a log was listed, so that no change is listed twice or left out without a word, and what a person is told when it is another log, or
// away.

import CisternClient

struct LogCursor {
    /// What is to be printed.
    enum Line: Equatable {
        case change(LoggedChange)
        case note(String)
    }

    private(set) var position: UInt64
    private var epoch: String?
    /// Whether nothing was listed yet, of a log from its start: nobody asked for what has left it.
    private var isAtStart: Bool
    /// What is told once until it is over.
    private var trouble: String?

    /// - Parameter epoch: of the position, if that is known.
    init(after position: UInt64, of epoch: String? = nil) {
        self.position = position
        self.epoch = epoch
        isAtStart = position == 0
    }

    /// - Parameter tail: the last position that the log has given out.
    /// - Returns: what to say.
    mutating func take(epoch new: String, tail: UInt64, of app: String) -> String? {
        trouble = nil
        defer { epoch = new }
        if let epoch, epoch != new {
            position = 0
            return "The log of “\(app)” has begun anew."
        }
        if epoch == nil, position > tail {
            // Positions are given out one after the other: this one is of an earlier epoch.
            defer { position = 0 }
            return "The log of “\(app)” has begun anew: it has not come to position \(position), only to \(tail)."
        }
        return nil
    }

    /// Whether changes before this position were not listed.
    func lacks(before position: UInt64) -> Bool { self.position + 1 < position }

    /// What of these changes was not listed yet. Changes of another epoch are left until that was taken.
    ///
    /// - Parameter upToPending: ends before the first change of which it is not known yet what becomes of it.
    mutating func take(_ changes: [LoggedChange], upToPending: Bool) -> [Line] {
        var lines: [Line] = []
        for change in changes where change.position > position {
            if upToPending, change.outcome == .pending { break }
            if let receipt = change.receipt, let epoch, receipt.epoch != epoch { break }
            if let note = skip(to: change.position - 1) { lines.append(.note(note)) }
            position = change.position
            isAtStart = false
            lines.append(.change(change))
        }
        return lines
    }

    /// Gives up what is not listed up to this position.
    ///
    /// - Returns: what to say.
    mutating func skip(to end: UInt64) -> String? {
        guard end > position else { return nil }
        defer {
            position = end
            isAtStart = false
        }
        if isAtStart { return nil }
        return position + 1 == end
            ? "Change \(end) has left the log already." : "Changes \(position + 1) to \(end) have left the log already."
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
