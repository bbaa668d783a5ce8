/// CRC-32C (Castagnoli; RFC 3720 §12.1): reflected polynomial 0x82F63B78, initial value and final XOR all ones.
///
/// It guards snapshots and checkpoints against truncation and mixed-up values, not against an attacker. It was chosen because
/// processors have an instruction for it, and because the checksum of a whole follows from those of its pieces, so that a large
/// state that changed in one place need not be read again (see StretchedChecksum.swift).
package struct Checksum: Hashable, Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package init(_ bytes: some Collection<UInt8>) {
        update(bytes)
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe update(bytes)
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { unsafe update(UnsafeRawBufferPointer($0)) }
        if done == nil { update(Array(bytes)) }
    }

    private mutating func update(_ buffer: UnsafeRawBufferPointer) {
        value = unsafe ~Remainder.run(~value, buffer)
    }

    /// Goes on over `count` bytes whose checksum is known.
    package mutating func append(_ next: Checksum, count: Int) {
        value = Remainder.shift(value, bytes: count) ^ next.value
    }

    /// The checksum of the last `count` of these bytes, if `head` is that of all those in front of them.
    package func behind(_ head: Checksum, count: Int) -> Checksum {
        var rest = self
        rest.value ^= Remainder.shift(head.value, bytes: count)
        return rest
    }
}

extension Checksum: CustomStringConvertible {
    /// Eight hexadecimal digits.
    package var description: String { String(decoding: digits, as: UTF8.self) }

    var digits: [UInt8] {
        (0..<8).map { place in
            let digit = UInt8(truncatingIfNeeded: value >> (28 - 4 * place)) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
    }
}
