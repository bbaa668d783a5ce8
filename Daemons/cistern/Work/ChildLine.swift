// What a worker's command may say on standard error about itself; everything else there is for people. Pure.

import CisternClient
import Documents

/// A line of a command's standard error.
///
///     ::progress 40 Drawing columns
///     ::progress 3/10
///     ::checkpoint {"row":300}
///     ::error There is no board of this name
enum ChildLine: Equatable {
    case progress(LongOperation.Progress)
    /// For the next attempt.
    case checkpoint(JSONText)
    /// Why it fails, if it does.
    case error(String)
    case text(String)

    init(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? words[1].drop { $0 == " " } : ""
        // What is not well is a line for people, who see by it what is wrong.
        self =
            switch words.first {
            case "::progress": Self.progress(rest).map { .progress($0) } ?? .text(line)
            case "::checkpoint" where (try? Document(parsing: Array(rest.utf8))) != nil:
                .checkpoint(JSONText(String(rest)))
            case "::error" where !rest.isEmpty: .error(String(rest))
            default: .text(line)
            }
    }

    /// A percentage or how many of how many, and a sentence behind it.
    private static func progress(_ text: Substring) -> LongOperation.Progress? {
        let words = text.split(separator: " ", maxSplits: 1)
        guard let figure = words.first else { return nil }
        let sentence = words.count > 1 ? words[1].drop { $0 == " " } : ""
        let message = sentence.isEmpty ? nil : String(sentence)
        let parts = figure.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let completed = Int(parts[0]), let total = Int(parts[1]), completed >= 0, total >= 0 else {
                return nil
            }
            return LongOperation.Progress(completed: completed, total: total, message: message)
        }
        let number = figure.hasSuffix("%") ? figure.dropLast() : figure
        guard let percent = Double(number), (0...100).contains(percent) else { return nil }
        return LongOperation.Progress(percent: percent, message: message)
    }
}
