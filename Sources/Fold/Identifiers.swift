// Names that clients choose. One validator serves URLs, Redis keys, memcached keys, channels and metrics labels, so that
// nothing a client sends can mean two things in two places.

/// Why a text is not an identifier.
package struct InvalidIdentifier: Error, Equatable, CustomStringConvertible {
    /// What was being named: "application id", "client id" or "change id".
    package let kind: String
    package let problem: Problem

    package enum Problem: Equatable, Sendable {
        case empty
        case tooLong(bytes: Int)
        case badFirstByte
        /// The offset, in bytes, of the first byte that is not allowed.
        case badByte(offset: Int)
        /// `<client>~<n>` with a number that is 0, too large, or has leading zeros.
        case badSequenceNumber
    }

    package var description: String {
        switch problem {
        case .empty: "The \(kind) is empty; it takes 1 to \(Identifier.maximumBytes) of A–Z a–z 0–9 . _ ~ -"
        case .tooLong(let bytes):
            "The \(kind) has \(bytes) bytes; it takes at most \(Identifier.maximumBytes)."
        case .badFirstByte: "The \(kind) starts with a character that is neither a letter nor a digit."
        case .badByte(let offset):
            "The \(kind) has a character at byte \(offset) that is not one of A–Z a–z 0–9 . _ ~ -"
        case .badSequenceNumber:
            "The \(kind) ends in “~” and a number, so it numbers a client's changes: 1, 2, 3, … without leading zeros."
        }
    }
}

enum Identifier {
    /// Bytes. Leaves room for key prefixes within memcached's 250-byte limit on keys.
    static let maximumBytes = 128

    /// - Returns: `text`, found valid.
    static func checked(_ text: some StringProtocol, as kind: String) throws(InvalidIdentifier) -> String {
        var text = String(text)
        if let problem = text.withUTF8({ unsafe problem(in: $0) }) {
            throw InvalidIdentifier(kind: kind, problem: problem)
        }
        return text
    }

    private static func problem(in bytes: UnsafeBufferPointer<UInt8>) -> InvalidIdentifier.Problem? {
        guard let first = unsafe bytes.first else { return .empty }
        guard bytes.count <= maximumBytes else { return .tooLong(bytes: bytes.count) }
        guard isAlphanumeric(first) else { return .badFirstByte }
        return unsafe bytes.firstIndex { !isAllowed($0) }.map { .badByte(offset: $0) }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "-"): true
        default: isAlphanumeric(byte)
        }
    }
}

/// Names an application: 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit.
package struct ApplicationID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "application id")
    }
}

/// Names a client that is present in an application; the same bytes as an ``ApplicationID``. In the order of its bytes.
package struct ClientID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "client id")
    }

    package static func < (left: ClientID, right: ClientID) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

/// Names a change within its application; the same bytes as an ``ApplicationID``.
///
/// Two forms carry a promise of their own: `<client>~<n>` numbers the changes of one client, and a UUIDv7 says when it was made.
package struct ChangeID: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package let form: Form

    package enum Form: Hashable, Sendable {
        case plain
        /// `<client>~<n>`, n ≥ 1: the store keeps one record per client and demands the numbers in order.
        case sequenced(client: String, number: UInt64)
        /// A UUID of version 7 (RFC 9562 §5.7), with its time in milliseconds since 1970.
        case timed(milliseconds: UInt64)
    }

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "change id")
        form = try Self.form(of: description)
    }

    /// - Parameter text: has been found valid.
    init(valid text: String) {
        description = text
        form = (try? Self.form(of: text)) ?? .plain
    }

    /// Whether these are the bytes of a change id, without making one.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        guard (1...Identifier.maximumBytes).contains(bytes.count), Identifier.isAlphanumeric(bytes[0]) else {
            return false
        }
        var tilde: Int?
        var hasOnlyDigits = true
        for index in bytes.indices {
            let byte = bytes[index]
            guard Identifier.isAllowed(byte) else { return false }
            if byte == UInt8(ascii: "~") {
                tilde = index
                hasOnlyDigits = true
            } else if !Identifier.isDigit(byte) {
                hasOnlyDigits = false
            }
        }
        guard let tilde, hasOnlyDigits, tilde + 1 < bytes.count else { return true }
        return canonicalNumber(bytes.extracting((tilde + 1)...)).map { $0 > 0 } ?? false
    }

    private static func form(of text: String) throws(InvalidIdentifier) -> Form {
        if let tilde = text.utf8.lastIndex(of: UInt8(ascii: "~")) {
            let suffix = text[text.utf8.index(after: tilde)...]
            guard !suffix.isEmpty, suffix.utf8.allSatisfy(Identifier.isDigit) else { return .plain }
            // `c~0` and `c~01` would be plain ids that look like numbers of a client: refused, so that nobody relies on an
            // order that is not kept.
            guard let number = canonicalNumber(suffix), number > 0 else {
                throw InvalidIdentifier(kind: "change id", problem: .badSequenceNumber)
            }
            return .sequenced(client: String(text[..<tilde]), number: number)
        }
        return version7Time(text).map { .timed(milliseconds: $0) } ?? .plain
    }

    /// The 48-bit time of a UUIDv7 in its 36-character form (RFC 9562 §4 and §5.7), nil for anything else.
    private static func version7Time(_ text: String) -> UInt64? {
        guard text.utf8.count == 36 else { return nil }
        let bytes = Array(text.utf8)
        guard bytes[14] == UInt8(ascii: "7") else { return nil }
        var time: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
            if index < 13 { time = time << 4 | UInt64(digit) }
            if index == 19, digit & 0b1100 != 0b1000 { return nil }
        }
        return time
    }
}

/// Decimal digits without leading zeros that stay exact in Redis' Lua, whose numbers are doubles.
func canonicalNumber(_ digits: some StringProtocol) -> UInt64? {
    let bytes = digits.utf8
    guard let first = bytes.first, bytes.allSatisfy(Identifier.isDigit),
        first != UInt8(ascii: "0") || bytes.count == 1, let number = UInt64(digits), number <= maximumLogNumber
    else { return nil }
    return number
}

/// 2⁵³ − 1: the largest position or sequence number. Larger ones are not exact in the scripts.
package let maximumLogNumber: UInt64 = 1 << 53 - 1
