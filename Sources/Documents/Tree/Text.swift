// The bytes of a member name, a string or a number. Most of them are short, so the first 14 bytes need no
// allocation, and two short texts are compared as integers. Never a Swift String inside: `==` on those compares by
// canonical equivalence, and JSON compares by bytes.

/// An immutable run of bytes.
///
/// At most 14 bytes are always `.inline`, more are always `.heap`, so texts in different cases are never equal.
enum Text: Sendable {
    case inline(InlineText)
    case heap([UInt8])
}

/// Up to 14 bytes, first byte most significant, unused bytes zero: integer order is byte order.
///
/// 15 bytes in all, which leaves the last one of 16 for the tags of `Text` and `Value`.
struct InlineText: Sendable {
    static let capacity = 14

    /// Bytes 0 to 7.
    var head: UInt64
    /// Bytes 8 to 11.
    var middle: UInt32
    /// Bytes 12 and 13.
    var end: UInt16
    var count: UInt8

    /// Bytes 8 to 13 and two zero bytes.
    var tail: UInt64 {
        UInt64(middle) << 32 | UInt64(end) << 16
    }

    init(head: UInt64, tail: UInt64, count: Int) {
        self.head = head
        self.middle = UInt32(truncatingIfNeeded: tail >> 32)
        self.end = UInt16(truncatingIfNeeded: tail >> 16)
        self.count = UInt8(truncatingIfNeeded: count)
    }

    subscript(index: Int) -> UInt8 {
        index < 8
            ? UInt8(truncatingIfNeeded: head >> UInt64(56 - 8 * index))
            : UInt8(truncatingIfNeeded: tail >> UInt64(120 - 8 * index))
    }

    static func == (a: InlineText, b: InlineText) -> Bool {
        a.head == b.head && a.middle == b.middle && a.end == b.end && a.count == b.count
    }
}

extension Text {
    static var empty: Text { .inline(InlineText(head: 0, tail: 0, count: 0)) }

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let count = range.count
        guard count <= InlineText.capacity else {
            self = .heap(copy(bytes, range))
            return
        }
        guard bytes.count >= 16 else {
            self = Text(short: bytes, range)
            return
        }
        // 16 bytes of `bytes` with the range in them; what stands in front of it is shifted out, what stands behind it masked.
        let start = min(range.lowerBound, bytes.count - 16)
        let loaded = unsafe UInt128(
            bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt128.self))
        let word = loaded &<< UInt128(8 * (range.lowerBound - start)) & ~(UInt128.max &>> UInt128(8 * count))
        self = .inline(
            InlineText(
                head: UInt64(truncatingIfNeeded: word >> 64), tail: UInt64(truncatingIfNeeded: word), count: count))
    }

    init(_ bytes: [UInt8]) {
        if bytes.count > InlineText.capacity {
            self = .heap(bytes)
        } else {
            self = Text(short: bytes.span, 0..<bytes.count)
        }
    }

    init(_ string: String) {
        self.init(Array(string.utf8))
    }

    /// At most 14 bytes, one by one.
    private init(short bytes: Span<UInt8>, _ range: Range<Int>) {
        var head: UInt64 = 0
        var tail: UInt64 = 0
        var shift: UInt64 = 56
        for index in range.lowerBound..<min(range.upperBound, range.lowerBound + 8) {
            head |= UInt64(bytes[index]) << shift
            shift &-= 8
        }
        if range.count > 8 {
            shift = 56
            for index in (range.lowerBound + 8)..<range.upperBound {
                tail |= UInt64(bytes[index]) << shift
                shift &-= 8
            }
        }
        self = .inline(InlineText(head: head, tail: tail, count: range.count))
    }

    var count: Int {
        switch self {
        case .inline(let text): Int(text.count)
        case .heap(let bytes): bytes.count
        }
    }

    subscript(index: Int) -> UInt8 {
        switch self {
        case .inline(let text): text[index]
        case .heap(let bytes): bytes[index]
        }
    }

    /// A copy of the bytes, for the paths that need them side by side.
    var bytes: [UInt8] {
        switch self {
        case .inline(let text): (0..<Int(text.count)).map { text[$0] }
        case .heap(let bytes): bytes
        }
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    func contains(_ byte: UInt8) -> Bool {
        switch self {
        case .inline(let text):
            for index in 0..<Int(text.count) where text[index] == byte { return true }
            return false
        case .heap(let bytes):
            return bytes.contains(byte)
        }
    }
}

extension Text: Equatable {
    static func == (a: Text, b: Text) -> Bool {
        switch (a, b) {
        case (.inline(let a), .inline(let b)): a == b
        case (.heap(let a), .heap(let b)): a == b
        case (.inline, .heap), (.heap, .inline): false
        }
    }

    /// Order by bytes: negative, zero or positive as `self` stands before, at or after `other`.
    func compare(_ other: Text) -> Int {
        let (a, b) = (front, other.front)
        if a.head != b.head { return a.head < b.head ? -1 : 1 }
        if a.tail != b.tail { return a.tail < b.tail ? -1 : 1 }
        // The first 14 bytes are the same, or one text is the other and then zero bytes: the shorter one stands first.
        guard case .heap(let mine) = self, case .heap(let others) = other else { return count - other.count }
        for index in InlineText.capacity..<min(mine.count, others.count) where mine[index] != others[index] {
            return mine[index] < others[index] ? -1 : 1
        }
        return mine.count - others.count
    }

    /// The first 14 bytes as `InlineText` has them.
    private var front: (head: UInt64, tail: UInt64) {
        switch self {
        case .inline(let text):
            return (text.head, text.tail)
        case .heap(let bytes):
            // There are 15 bytes at least, so both loads stay inside. The second one is of bytes 6 to 13.
            return unsafe bytes.withUnsafeBytes { bytes in
                let head = unsafe bytes.loadUnaligned(as: UInt64.self)
                let tail = unsafe bytes.loadUnaligned(fromByteOffset: 6, as: UInt64.self)
                return (UInt64(bigEndian: head), UInt64(bigEndian: tail) << 16)
            }
        }
    }
}

/// The bytes of a range as an array.
func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe [UInt8]($0) }
}
