// What the doctor says: about what, how bad, what was found, and what to do.

import Documents

enum Level: Int, Comparable, Sendable {
    case ok, note, warning, wrong

    static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }

    var word: String {
        switch self {
        case .ok: "ok"
        case .note: "note"
        case .warning: "warning"
        case .wrong: "wrong"
        }
    }

    /// 0 if nothing has to be done, 1 if something should be, 2 if something is broken or can be lost.
    var exitStatus: Int32 {
        switch self {
        case .ok, .note: 0
        case .warning: 1
        case .wrong: 2
        }
    }
}

struct Finding: Hashable, Sendable {
    let level: Level
    let subject: String
    /// What was found, and what it means.
    let text: String
    /// What to do; nil where nothing is to be done.
    let advice: String?

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(level: .ok, subject: subject, text: text, advice: nil)
    }

    static func note(_ subject: String, _ text: String, _ advice: String? = nil) -> Finding {
        Finding(level: .note, subject: subject, text: text, advice: advice)
    }

    static func warning(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(level: .warning, subject: subject, text: text, advice: advice)
    }

    static func wrong(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(level: .wrong, subject: subject, text: text, advice: advice)
    }

    var document: Document {
        .object(
            [("level", .string(level.word)), ("subject", .string(subject)), ("text", .string(text))]
                + (advice.map { [("advice", .string($0))] } ?? []))
    }
}
