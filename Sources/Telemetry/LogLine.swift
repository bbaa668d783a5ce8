// One record as one line:
//
//     2026-11-21T05:45:31.123Z info merge-daemon: lease taken partition=17 owner="host a"
//
// Whatever is in a message or a value, the line stays one line and its fields stay apart: who can write a newline into the log
// can write records of his own.

import Logging

/// What a line begins with.
package enum LogLayout: Sendable, Hashable, CaseIterable {
    /// The time first.
    case timestamped
    /// For journald, which knows the time: the severity as `<6>` first (sd-daemon(3)), and no time.
    case journal

    /// systemd sets `JOURNAL_STREAM` where standard error goes to the journal (systemd.exec(5)).
    package static func fitting(environment: [String: String]) -> LogLayout {
        environment["JOURNAL_STREAM"] == nil ? .timestamped : .journal
    }
}

enum LogLine {
    /// Bytes of a whole line with its end. A write of up to 4,096 bytes into a pipe is never mixed with another's and does not wait
    /// where `poll` found room (pipe(7)).
    static let longest = 4096

    /// Bytes of one message or value; what is longer is cut and ends in `…`.
    static let longestPart = 1024

    static func render(
        layout: LogLayout, time: Timestamp, level: Logger.Level, label: String, message: String,
        metadata: Logger.Metadata
    ) -> String {
        var line =
            switch layout {
            case .timestamped: "\(time.text) "
            case .journal: "<\(severity(level))>"
            }
        line += "\(level.rawValue) \(escaped(label)): \(escaped(cut(message)))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(name(key))=\(field(cut(text(value))))"
        }
        return cut(line, to: longest - 1) + "\n"
    }

    /// Severities of syslog (RFC 5424, section 6.2.1).
    private static func severity(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: ",") + "}"
        }
    }

    /// A value as logfmt has it: bare where it can be, otherwise in quotes.
    private static func field(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0 != " " && $0 != "=" && $0 != "\"" && $0 != "\\" && !isControl($0)
        }
        return isPlain && !text.isEmpty ? text : "\"\(escaped(text, quotes: true))\""
    }

    private static func name(_ key: String) -> String {
        let bytes = key.utf8.map { byte -> UInt8 in
            let isWord = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isWord || byte == 0x2D || byte == 0x2E || byte == 0x5F ? byte : 0x5F
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\\": result += "\\\\"
            case "\"" where quotes: result += "\\\""
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Controls of ASCII and Latin-1, Unicode's line ends, and the marks that turn the direction of writing.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func cut(_ text: String, to bytes: Int = longestPart) -> String {
        guard text.utf8.count > bytes else { return text }
        var length = 0
        var result = ""
        for scalar in text.unicodeScalars {
            length += UTF8.width(scalar)
            if length > bytes - 3 { break }
            result.unicodeScalars.append(scalar)
        }
        return result + "…"
    }
}
