// RFC 8259 and nothing else. What that leaves open is decided: duplicate member names, lone surrogates, byte order
// marks, invalid UTF-8, deep nesting and very long numbers are refused; numbers of any size are kept as written.

/// Reads one JSON text. The bytes are given to each method, so that they need not be copied.
///
/// Recursion goes one method deep per level of nesting and stops at the limit.
struct Parser {
    let limits: ParsingLimits
    var offset = 0

    init(limits: ParsingLimits) {
        self.limits = limits
    }

    /// Reads the only value in `bytes`.
    mutating func parse(_ bytes: Span<UInt8>) throws(ParsingError) -> Value {
        if bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF { throw error(.byteOrderMark) }
        skipSpace(bytes)
        let value = try parseValue(bytes, depth: 0)
        skipSpace(bytes)
        if offset < bytes.count { throw error(.trailingBytes) }
        return value
    }

    func error(_ reason: ParsingError.Reason) -> ParsingError {
        ParsingError(offset: offset, reason: reason)
    }

    @inline(__always)
    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// The byte at the offset, or the error that it should have been there.
    @inline(__always)
    func peek(_ bytes: Span<UInt8>) throws(ParsingError) -> UInt8 {
        guard offset < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[offset]
    }

    mutating func parseValue(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Value {
        let byte = try peek(bytes)
        switch byte {
        case quote:
            return .string(Text(bytes, try parseString(bytes).range))
        case UInt8(ascii: "{"):
            return try parseMembers(bytes, depth: depth + 1)
        case UInt8(ascii: "["):
            return try parseElements(bytes, depth: depth + 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(Text(bytes, try parseNumber(bytes)))
        case UInt8(ascii: "t"):
            try parseLiteral(bytes, "true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try parseLiteral(bytes, "false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try parseLiteral(bytes, "null")
            return .null
        default:
            throw error(.unexpectedByte(byte, expected: .value))
        }
    }

    private mutating func parseLiteral(_ bytes: Span<UInt8>, _ literal: StaticString) throws(ParsingError) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard offset + index < bytes.count else {
                offset = bytes.count
                throw error(.unexpectedEnd)
            }
            // The index is below the count of the literal.
            let expected = unsafe literal.utf8Start[index]
            if bytes[offset + index] != expected { throw error(.invalidLiteral) }
        }
        offset += literal.utf8CodeUnitCount
    }

    private mutating func parseElements(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Value {
        if depth > limits.depth { throw error(.tooDeep(limit: limits.depth)) }
        offset += 1
        skipSpace(bytes)
        if try peek(bytes) == UInt8(ascii: "]") {
            offset += 1
            return .emptyArray
        }
        var elements: ContiguousArray<Element> = []
        while true {
            elements.append(Element(try parseValue(bytes, depth: depth)))
            skipSpace(bytes)
            let byte = try peek(bytes)
            if byte == UInt8(ascii: "]") {
                offset += 1
                return .array(Node(Contents(elements)))
            }
            guard byte == UInt8(ascii: ",") else { throw error(.unexpectedByte(byte, expected: .commaOrBracket)) }
            offset += 1
            skipSpace(bytes)
        }
    }

    private mutating func parseMembers(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Value {
        if depth > limits.depth { throw error(.tooDeep(limit: limits.depth)) }
        offset += 1
        skipSpace(bytes)
        var byte = try peek(bytes)
        if byte == UInt8(ascii: "}") {
            offset += 1
            return .emptyObject
        }
        var members = Contents<Member>()
        var expected = ParsingError.Expectation.nameOrEnd
        while true {
            guard byte == quote else { throw error(.unexpectedByte(byte, expected: expected)) }
            let nameOffset = offset
            let name = try parseString(bytes).name(in: bytes)
            skipSpace(bytes)
            byte = try peek(bytes)
            guard byte == UInt8(ascii: ":") else { throw error(.unexpectedByte(byte, expected: .colon)) }
            offset += 1
            skipSpace(bytes)
            let value = try parseValue(bytes, depth: depth)
            if !members.add(Member(name: name, value: value)) {
                throw ParsingError(offset: nameOffset, reason: .duplicateMember(name.string))
            }
            skipSpace(bytes)
            byte = try peek(bytes)
            if byte == UInt8(ascii: "}") {
                offset += 1
                return .object(Node(members))
            }
            guard byte == UInt8(ascii: ",") else { throw error(.unexpectedByte(byte, expected: .commaOrBrace)) }
            offset += 1
            skipSpace(bytes)
            byte = try peek(bytes)
            expected = .name
        }
    }
}

extension Contents<Member> {
    /// Adds a member in its place, or says that its name is there already. Names that come in order are added fastest.
    mutating func add(_ member: consuming Member) -> Bool {
        if endsBefore(member.name) {
            append(member)
            return true
        }
        let (isFound, position) = find(member.name)
        if isFound { return false }
        insert(member, at: position)
        return true
    }

    /// Whether all names are lower.
    private func endsBefore(_ name: Text) -> Bool {
        if hasPieces { return pieces[pieces.count - 1].node.contents.endsBefore(name) }
        return entries.isEmpty || entries[entries.count - 1].name.compare(name) < 0
    }
}
