// Where requests carry their token: `Authorization: Bearer <token>` (RFC 6750 §2.1).

enum BearerToken {
    private static let scheme: StaticString = "bearer"

    /// The token of a field's value; nil if it has another form.
    static func range(in field: Range<Int>, of bytes: Span<UInt8>) -> Range<Int>? {
        let start = field.lowerBound + scheme.utf8CodeUnitCount
        guard start < field.upperBound, bytes.matchesName(scheme, at: field.lowerBound), bytes[start] == Byte.space
        else {
            return nil
        }
        let token = bytes.trimmed(start..<field.upperBound)
        for index in token where !isTokenCharacter(bytes[index]) { return nil }
        return token.isEmpty ? nil : token
    }

    static func token(in field: String) -> [UInt8]? {
        let bytes = Array(field.utf8)
        return range(in: 0..<bytes.count, of: bytes.span).map { Array(bytes[$0]) }
    }

    /// RFC 6750 §2.1: b64token.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
