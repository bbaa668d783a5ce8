// The grammar that header fields share (RFC 9110 §5.6): tokens, quoted strings, lists, parameters.

enum HeaderGrammar {
    /// The parts between separators that stand outside quotes, without white space around them. Empty parts stay.
    static func split(_ text: Substring, at separator: Character) -> [Substring] {
        guard let separator = separator.asciiValue else { return [text] }
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(trim(text[start..<index]))
                start = text.utf8.index(after: index)
            }
        }
        parts.append(trim(text[start...]))
        return parts
    }

    /// `name` or `name=value`, the value a token or a quoted string. Nil if it is neither.
    static func parameter(_ text: Substring) -> (name: String, value: String?)? {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            return isToken(text) ? (String(text), nil) : nil
        }
        let name = trim(text[..<equals])
        guard isToken(name), let value = value(trim(text[text.utf8.index(after: equals)...])) else { return nil }
        return (String(name), value)
    }

    /// A token, or a quoted string without its quotes and escapes. Nil if it is neither.
    static func value(_ text: Substring) -> String? {
        guard text.first == "\"" else { return isToken(text) ? String(text) : nil }
        guard text.utf8.count >= 2, text.last == "\"" else { return nil }
        var result = ""
        var isEscaped = false
        for character in text.unicodeScalars.dropFirst().dropLast() {
            if !isEscaped, character == "\\" {
                isEscaped = true
            } else if !isEscaped, character == "\"" {
                return nil
            } else {
                result.unicodeScalars.append(character)
                isEscaped = false
            }
        }
        return isEscaped ? nil : result
    }

    static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
