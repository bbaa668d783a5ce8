// RFC 6901.

/// The way from the root of a document to a value in it.
package struct JSONPointer: Sendable, Equatable {
    /// One step: a member name, which for an array has to be an index.
    struct Token: Sendable, Equatable {
        let name: Text
        let index: Index?

        enum Index: Sendable, Equatable {
            case at(Int)
            /// `-`, behind the last element.
            case end
        }
    }

    let tokens: [Token]

    /// The whole document.
    package static let root = JSONPointer(tokens: [])

    init(tokens: [Token]) {
        self.tokens = tokens
    }

    /// A pointer of member names and indices without escapes.
    package init(_ names: [String]) {
        tokens = names.map { Token(Text($0)) }
    }

    /// - Throws: if it neither is empty nor begins with `/` (section 3), or has a `~` without 0 or 1 behind it.
    package init(parsing string: String) throws(JSONPointerError) {
        try self.init(Array(string.utf8))
    }

    init(_ bytes: [UInt8]) throws(JSONPointerError) {
        guard let first = bytes.first else {
            tokens = []
            return
        }
        guard first == UInt8(ascii: "/") else { throw .noLeadingSlash }
        var tokens: [Token] = []
        var start = 1
        for index in 1..<bytes.count where bytes[index] == UInt8(ascii: "/") {
            tokens.append(Token(try Self.name(bytes.span.extracting(start..<index))))
            start = index + 1
        }
        tokens.append(Token(try Self.name(bytes.span.extracting(start..<bytes.count))))
        self.tokens = tokens
    }

    /// Takes the escapes out of one part.
    private static func name(_ bytes: Span<UInt8>) throws(JSONPointerError) -> Text {
        let plain = Text(bytes, 0..<bytes.count)
        guard plain.contains(UInt8(ascii: "~")) else { return plain }
        var name: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "~") {
                index += 1
                guard index < bytes.count, bytes[index] == UInt8(ascii: "0") || bytes[index] == UInt8(ascii: "1") else {
                    throw .invalidEscape
                }
                name.append(bytes[index] == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
            } else {
                name.append(bytes[index])
            }
            index += 1
        }
        return Text(name)
    }

    package func appending(_ name: String) -> JSONPointer { appending(Text(name)) }

    package func appending(_ index: Int) -> JSONPointer { appending(Text(String(index))) }

    func appending(_ name: Text) -> JSONPointer { JSONPointer(tokens: tokens + [Token(name)]) }

    /// Whether the other one leads to something inside of what this one leads to.
    func isProperPrefix(of other: JSONPointer) -> Bool {
        tokens.count < other.tokens.count && other.tokens.starts(with: tokens)
    }

    /// The bytes of the string form.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(UInt8(ascii: "/"))
            for byte in token.name.bytes {
                switch byte {
                case UInt8(ascii: "~"): bytes += [byte, UInt8(ascii: "0")]
                case UInt8(ascii: "/"): bytes += [UInt8(ascii: "~"), UInt8(ascii: "1")]
                default: bytes.append(byte)
                }
            }
        }
        return bytes
    }
}

/// Why a string is not a JSON Pointer.
package enum JSONPointerError: Error, Sendable {
    case noLeadingSlash
    case invalidEscape

    package var message: String {
        switch self {
        case .noLeadingSlash: "a JSON Pointer is empty or begins with /"
        case .invalidEscape: "in a JSON Pointer, ~ is written ~0 and / in a name ~1"
        }
    }
}

extension JSONPointer: CustomStringConvertible {
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONPointer.Token {
    init(_ name: Text) {
        self.name = name
        index = Self.index(name)
    }

    /// Section 4: digits without leading zeros. More of them than any array has elements are no index.
    private static func index(_ name: Text) -> Index? {
        guard case .inline(let text) = name, text.count > 0 else { return nil }
        if text.count == 1 && text[0] == UInt8(ascii: "-") { return .end }
        if text.count > 1 && text[0] == UInt8(ascii: "0") { return nil }
        var result = 0
        for position in 0..<Int(text.count) {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            result = result * 10 + Int(digit)
        }
        return .at(result)
    }
}

extension Document {
    /// The value a pointer leads to, nil if there is none.
    package subscript(pointer: JSONPointer) -> Document? {
        root.value(at: pointer.tokens[...]).map { Document($0) }
    }
}

extension Value {
    func value(at tokens: ArraySlice<JSONPointer.Token>) -> Value? {
        var value = self
        for token in tokens {
            switch value {
            case .null, .bool, .number, .string:
                return nil
            case .array(let node):
                guard case .at(let index) = token.index, index < node.contents.count else { return nil }
                value = node.contents[node.contents.position(index)].value
            case .object(let node):
                guard let member = node.contents[token.name] else { return nil }
                value = member
            }
        }
        return value
    }
}
