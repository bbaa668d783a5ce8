// An element of an application's Redis list:
//
//     1 <milliseconds since 1970> <change id> <m|j|c> <condition> <digest>\n<patch as JSON>
//
// The append script writes it: the time is the one clock a change may use, and every fold of the entry sees the same time.
// Text, because an operator looks at it with redis-cli when something is wrong.

package import Documents

package struct LogEntry: Sendable {
    /// The first field, so that another form can be told apart.
    static let format = "1"

    private let bytes: [UInt8]
    private let idStart: UInt16
    private let idEnd: UInt16
    private let digestStart: UInt16

    /// Milliseconds since 1970, by the clock of Redis, when the change was appended.
    package let time: UInt64
    package let kind: PatchKind
    package let condition: FoldCondition

    package var id: ChangeID { ChangeID(valid: String(decoding: idBytes, as: UTF8.self)) }
    package var digest: ChangeDigest { ChangeDigest(valid: String(decoding: digestBytes, as: UTF8.self)) }
    package var body: ArraySlice<UInt8> { bytes[(Int(digestStart) + ChangeDigest.bytes + 1)...] }

    /// A fold needs these two only as they stand here.
    var idBytes: ArraySlice<UInt8> { bytes[Int(idStart)..<Int(idEnd)] }
    var digestBytes: ArraySlice<UInt8> { bytes[Int(digestStart)..<Int(digestStart) + ChangeDigest.bytes] }

    /// Bytes. Two identifiers, a number and a time stay far below; more is not an entry of ours.
    private static let maximumHeaderBytes = 512

    /// Nil for anything that is not an entry: the fold records it as `unreadable-entry` and goes on.
    package init?(_ bytes: [UInt8]) {
        let span = bytes.span
        var fields = Fields()
        guard fields.next(in: span) == 0..<1, span[0] == UInt8(ascii: "1"),
            let timeRange = fields.next(in: span), let time = canonicalNumber(span.extracting(timeRange)),
            let id = fields.next(in: span), ChangeID.isValid(span.extracting(id)),
            let kindRange = fields.next(in: span), let kind = PatchKind(code: span.extracting(kindRange)),
            let conditionRange = fields.next(in: span),
            let condition = FoldCondition(span.extracting(conditionRange)),
            let digest = fields.line(in: span, count: ChangeDigest.bytes),
            ChangeDigest.isValid(span.extracting(digest))
        else { return nil }
        self.bytes = bytes
        self.time = time
        self.kind = kind
        self.condition = condition
        idStart = UInt16(id.lowerBound)
        idEnd = UInt16(id.upperBound)
        digestStart = UInt16(digest.lowerBound)
    }

    /// Where the fields of the first line are.
    private struct Fields {
        private var start = 0

        /// The next field that has a space behind it.
        mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
            let limit = min(bytes.count, maximumHeaderBytes)
            var end = start
            while end < limit, bytes[end] != UInt8(ascii: " ") { end += 1 }
            guard end < limit else { return nil }
            defer { start = end + 1 }
            return start..<end
        }

        /// The last field of the line, if it is so long.
        func line(in bytes: Span<UInt8>, count: Int) -> Range<Int>? {
            let end = start + count
            guard end < bytes.count, bytes[end] == UInt8(ascii: "\n") else { return nil }
            return start..<end
        }
    }

    /// The bytes of an entry, as the append script writes them.
    package static func bytes(
        time: UInt64, id: ChangeID, kind: PatchKind, condition: FoldCondition, digest: ChangeDigest, body: [UInt8]
    ) -> [UInt8] {
        Array("\(format) \(time) \(id) \(kind.code) \(condition) \(digest)\n".utf8) + body
    }
}

/// As for text.
func canonicalNumber(_ bytes: Span<UInt8>) -> UInt64? {
    // 2⁵³ has 16 digits.
    guard (1...16).contains(bytes.count), bytes[0] != UInt8(ascii: "0") || bytes.count == 1 else { return nil }
    var number: UInt64 = 0
    for index in bytes.indices {
        guard Identifier.isDigit(bytes[index]) else { return nil }
        number = number * 10 + UInt64(bytes[index] - UInt8(ascii: "0"))
    }
    return number <= maximumLogNumber ? number : nil
}
