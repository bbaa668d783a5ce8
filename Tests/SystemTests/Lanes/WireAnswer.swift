import Documents

/// One answer as it came over the wire, in a form that two servers can be compared by.
struct WireAnswer: Equatable, CustomStringConvertible {
    let statusLine: String
    /// Names in lower case, sorted, without Date.
    let fields: [String]
    let body: String

    var description: String { ([statusLine] + fields + ["", String(body.prefix(300))]).joined(separator: "\n") }

    /// Cuts what a connection brought into answers. An answer to HEAD announces a body that does not follow; no body of ours
    /// begins like an answer, so that can be told without knowing the request.
    static func all(in bytes: [UInt8]) -> [WireAnswer] {
        var rest = bytes[...]
        var answers: [WireAnswer] = []
        while !rest.isEmpty {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else {
                answers.append(
                    WireAnswer(statusLine: "no head", fields: [], body: String(decoding: rest, as: UTF8.self)))
                break
            }
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            rest = rest[end.upperBound...]
            var fields: [String] = []
            var length = 0
            for line in lines.dropFirst() {
                let halves = line.split(separator: ":", maxSplits: 1)
                let name = halves[0].lowercased()
                let value = halves.count > 1 ? String(halves[1].trimmingPrefix(" ")) : ""
                if name == "content-length" { length = Int(value) ?? 0 }
                switch name {
                case "date": fields.append("date: \(value.count) characters")
                // Each server says it by its own load.
                case "cistern-poll-interval":
                    fields.append("cistern-poll-interval: \(Int(value) == nil ? value : "a number")")
                default: fields.append("\(name): \(value)")
                }
            }
            let isAbsent = rest.isEmpty || rest.starts(with: Array("HTTP/1.1 ".utf8))
            let body = isAbsent ? [] : rest.prefix(length)
            rest = rest.dropFirst(body.count)
            answers.append(
                WireAnswer(
                    statusLine: lines.first.map(String.init) ?? "", fields: fields.sorted(),
                    body: String(decoding: body, as: UTF8.self)))
        }
        return answers
    }

    /// The same without what only says on which side it was: names of applications, and epochs but for those of applications that
    /// both sides ask about.
    func sideless(keeping epochs: Set<String>) -> WireAnswer {
        func level(_ text: String) -> String {
            text.replacing(WireRequest.otherSide, with: WireRequest.oneSide)
                .replacing(/\b[0-9a-z]{12}\b/) { epochs.contains(String($0.output)) ? $0.output : "an epoch" }
        }
        return WireAnswer(statusLine: statusLine, fields: fields.map(level), body: level(body))
    }
}

/// Bytes to send, alike for both sides but for one character in the names of applications.
enum WireRequest {
    /// Stands for that character while requests are being made. In no request otherwise.
    static let side: UInt8 = 1
    static let oneSide = "Q"
    static let otherSide = "Z"

    static func bytes(_ template: [UInt8], for character: String) -> [UInt8] {
        let character = Array(character.utf8)[0]
        return template.map { $0 == side ? character : $0 }
    }

    /// For messages.
    static func text(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes.prefix(3_000) {
            switch byte {
            case side: text += "Q"
            case 13: text += "\\r"
            case 10: text += "\\n\n"
            case 32..<127: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x\(String(byte, radix: 16))"
            }
        }
        return text
    }
}
