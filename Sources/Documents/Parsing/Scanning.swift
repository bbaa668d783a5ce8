// Strings and numbers of the parser: validated, and kept as they were written.

extension Parser {
    /// Reads a string and hands back where it stands between its quotes.
    mutating func parseString(_ bytes: Span<UInt8>) throws(ParsingError) -> Spelling {
        offset += 1
        let start = offset
        var hasEscapes = false
        while true {
            skipPlain(bytes)
            let byte = try peek(bytes)
            switch byte {
            case quote:
                offset += 1
                return Spelling(range: start..<offset - 1, hasEscapes: hasEscapes)
            case backslash:
                hasEscapes = true
                try skipEscape(bytes)
            case 0x00..<0x20:
                throw error(.controlCharacter(byte))
            case 0x20..<0x80:
                offset += 1
            default:
                try skipScalar(bytes)
            }
        }
    }

    /// Goes on while eight bytes at once are plain ASCII.
    @inline(__always)
    private mutating func skipPlain(_ bytes: Span<UInt8>) {
        while offset + 8 <= bytes.count {
            // The load ends inside of `bytes`, as was just checked.
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if hasSpecialByte(word) || word & allBytes(0x80) != 0 { return }
            offset += 8
        }
    }

    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(ParsingError) {
        guard offset + 1 < bytes.count else {
            offset = bytes.count
            throw error(.unexpectedEnd)
        }
        switch bytes[offset + 1] {
        case quote, backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(bytes, escapeAt: offset)
            if unit & 0xF800 == 0xD800 {
                guard unit & 0xFC00 == 0xD800, offset + 7 < bytes.count, bytes[offset + 6] == backslash,
                    bytes[offset + 7] == UInt8(ascii: "u"),
                    try codeUnit(bytes, escapeAt: offset + 6) & 0xFC00 == 0xDC00
                else { throw error(.loneSurrogate) }
                offset += 6
            }
            offset += 6
        default:
            throw error(.invalidEscape)
        }
    }

    /// The number behind `\u`.
    private func codeUnit(_ bytes: Span<UInt8>, escapeAt start: Int) throws(ParsingError) -> UInt32 {
        var unit: UInt32 = 0
        for index in start + 2..<start + 6 {
            guard index < bytes.count else { throw ParsingError(offset: bytes.count, reason: .unexpectedEnd) }
            guard let digit = hexValue(bytes[index]) else { throw ParsingError(offset: start, reason: .invalidEscape) }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// Reads one scalar of two to four bytes, well-formed by the table in RFC 3629 section 4.
    private mutating func skipScalar(_ bytes: Span<UInt8>) throws(ParsingError) {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[offset] {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: count = 4
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: throw error(.invalidUTF8)
        }
        guard offset + count <= bytes.count, second.contains(bytes[offset + 1]) else { throw error(.invalidUTF8) }
        for index in offset + 2..<offset + count where bytes[index] & 0xC0 != 0x80 { throw error(.invalidUTF8) }
        offset += count
    }

    /// Reads a number and hands back where it stands.
    mutating func parseNumber(_ bytes: Span<UInt8>) throws(ParsingError) -> Range<Int> {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let firstDigit = offset
        try skipDigits(bytes)
        if bytes[firstDigit] == UInt8(ascii: "0") && offset > firstDigit + 1 {
            offset = firstDigit
            throw error(.invalidNumber)
        }
        if offset < bytes.count && bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(bytes)
        }
        if offset < bytes.count && (bytes[offset] | 0x20) == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count && (bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")) {
                offset += 1
            }
            try skipDigits(bytes)
        }
        if offset - start > ParsingLimits.maximumNumberCount {
            throw ParsingError(offset: start, reason: .numberTooLong(limit: ParsingLimits.maximumNumberCount))
        }
        return start..<offset
    }

    /// At least one digit.
    @inline(__always)
    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(ParsingError) {
        let start = offset
        while offset < bytes.count && bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
        if offset == start { throw error(offset < bytes.count ? .invalidNumber : .unexpectedEnd) }
    }
}

/// Where a valid string stands between its quotes.
struct Spelling {
    let range: Range<Int>
    let hasEscapes: Bool

    /// What the string stands for.
    func name(in bytes: Span<UInt8>) -> Text {
        hasEscapes ? Text(unescape(bytes.extracting(range))) : Text(bytes, range)
    }

    /// Whether the name stands before another one in canonical order.
    func precedes(_ other: Spelling, in bytes: Span<UInt8>) -> Bool {
        if hasEscapes || other.hasEscapes { return name(in: bytes).compare(other.name(in: bytes)) < 0 }
        let (mine, others) = (bytes.extracting(range), bytes.extracting(other.range))
        for index in 0..<min(mine.count, others.count) where mine[index] != others[index] {
            return mine[index] < others[index]
        }
        return mine.count < others.count
    }
}
