/// Why a text is not the JSON that is accepted here, and where.
package struct ParsingError: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        case unexpectedEnd
        case unexpectedByte(UInt8, expected: Expectation)
        case byteOrderMark
        case invalidLiteral
        case invalidNumber
        /// The limit in bytes.
        case numberTooLong(limit: Int)
        case invalidEscape
        case loneSurrogate
        case controlCharacter(UInt8)
        case invalidUTF8
        case duplicateMember(String)
        /// The limit in nested containers.
        case tooDeep(limit: Int)
        case trailingBytes
    }

    /// What would have been right in the place of an unexpected byte.
    package enum Expectation: String, Sendable {
        case value = "a value"
        case nameOrEnd = "a member name in quotes or }"
        case name = "a member name in quotes"
        case colon = "a colon"
        case commaOrBrace = "a comma or }"
        case commaOrBracket = "a comma or ]"
    }

    /// In bytes from the start of the text.
    package let offset: Int
    package let reason: Reason

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }
}

extension ParsingError: CustomStringConvertible {
    /// For people, without the offset.
    package var message: String {
        switch reason {
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte(let byte, let expected): "\(expected.rawValue) was expected, not \(describe(byte))"
        case .byteOrderMark: "JSON text must not begin with a byte order mark"
        case .invalidLiteral: "only true, false and null may be written without quotes"
        case .invalidNumber: "this is not how JSON writes a number"
        case .numberTooLong(let limit): "a number may have \(limit) characters at most"
        case .invalidEscape: "unknown escape in a string"
        case .loneSurrogate: "half of a surrogate pair stands alone in a string"
        case .controlCharacter(let byte): "\(describe(byte)) must be escaped in a string"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .duplicateMember(let name): "the member \(name.quoted) is there twice in one object"
        case .tooDeep(let limit): "arrays and objects are nested deeper than \(limit)"
        case .trailingBytes: "there is more behind the end of the JSON value"
        }
    }

    package var description: String { "\(message) (byte \(offset))" }

    private func describe(_ byte: UInt8) -> String {
        if byte > 0x20 && byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
