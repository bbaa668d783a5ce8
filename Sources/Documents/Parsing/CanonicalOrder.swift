// A look at a text that is going to be used without a tree: is it strict JSON in canonical order already, as everything is that
// was encoded here? It builds nothing, so it costs a fraction of parsing. It never says why not: that is the parser's business.

extension Parser {
    /// How deep containers are nested in a text that `parse` accepts, that has no white space, and in whose objects the names
    /// ascend by their bytes; nil for every other text.
    static func height(ofOrdered bytes: Span<UInt8>, limits: ParsingLimits) -> Int? {
        var parser = Parser(limits: limits)
        guard let height = try? parser.skipOrdered(bytes, depth: 0), parser.offset == bytes.count else { return nil }
        return height
    }

    /// Goes over a value.
    ///
    /// - Parameter depth: containers around it.
    /// - Returns: how deep containers are nested in it; nil if it is not in order, and then the offset means nothing.
    private mutating func skipOrdered(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Int? {
        switch try peek(bytes) {
        case quote:
            _ = try parseString(bytes)
        case UInt8(ascii: "{"):
            return try skipOrderedMembers(bytes, depth: depth + 1)
        case UInt8(ascii: "["):
            return try skipOrderedElements(bytes, depth: depth + 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            _ = try parseNumber(bytes)
        default:
            // A literal, or what cannot begin a value.
            _ = try parseValue(bytes, depth: depth)
        }
        return 0
    }

    private mutating func skipOrderedElements(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Int? {
        guard depth <= limits.depth else { return nil }
        offset += 1
        if try peek(bytes) == UInt8(ascii: "]") {
            offset += 1
            return 1
        }
        var height = 1
        while true {
            guard let below = try skipOrdered(bytes, depth: depth) else { return nil }
            height = max(height, below + 1)
            let byte = try peek(bytes)
            offset += 1
            if byte == UInt8(ascii: "]") { return height }
            guard byte == UInt8(ascii: ",") else { return nil }
        }
    }

    private mutating func skipOrderedMembers(_ bytes: Span<UInt8>, depth: Int) throws(ParsingError) -> Int? {
        guard depth <= limits.depth else { return nil }
        offset += 1
        if try peek(bytes) == UInt8(ascii: "}") {
            offset += 1
            return 1
        }
        var height = 1
        var last: Spelling?
        while true {
            guard try peek(bytes) == quote else { return nil }
            let name = try parseString(bytes)
            // Ascending names are different names.
            if let last, !last.precedes(name, in: bytes) { return nil }
            last = name
            guard try peek(bytes) == UInt8(ascii: ":") else { return nil }
            offset += 1
            guard let below = try skipOrdered(bytes, depth: depth) else { return nil }
            height = max(height, below + 1)
            let byte = try peek(bytes)
            offset += 1
            if byte == UInt8(ascii: "}") { return height }
            guard byte == UInt8(ascii: ",") else { return nil }
        }
    }
}
