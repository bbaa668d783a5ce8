/// CRC-32C (Castagnoli; RFC 3720 §12.1): reflected polynomial 0x82F63B78, initial value and final XOR all ones.
///
/// It guards snapshots and checkpoints against truncation and mixed-up values, not against an attacker. It was chosen because
/// the checksum of a whole follows from those of its pieces, so a large state that changed in one place need not be read again.
package struct Checksum: Hashable, Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package init(_ bytes: some Collection<UInt8>) {
        update(bytes)
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { unsafe add(UnsafeRawBufferPointer($0)) }
        if done == nil { update(Array(bytes)) }
    }

    /// Eight bytes a step, by eight tables ("slicing by eight").
    private mutating func add(_ buffer: UnsafeRawBufferPointer) {
        var crc = ~value
        var offset = 0
        let count = buffer.count
        unsafe Self.tables.withUnsafeBufferPointer { tables in
            while count - offset >= 8 {
                let low =
                    unsafe UInt32(
                        littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) ^ crc
                let high = unsafe UInt32(
                    littleEndian: buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
                let a = unsafe tables[0x700 + Int(low & 0xff)] ^ tables[0x600 + Int(low >> 8 & 0xff)]
                let b = unsafe tables[0x500 + Int(low >> 16 & 0xff)] ^ tables[0x400 + Int(low >> 24)]
                let c = unsafe tables[0x300 + Int(high & 0xff)] ^ tables[0x200 + Int(high >> 8 & 0xff)]
                let d = unsafe tables[0x100 + Int(high >> 16 & 0xff)] ^ tables[Int(high >> 24)]
                crc = a ^ b ^ c ^ d
                offset += 8
            }
            while offset < count {
                crc = unsafe tables[Int((crc ^ UInt32(buffer[offset])) & 0xff)] ^ crc >> 8
                offset += 1
            }
        }
        value = ~crc
    }

    /// Table k at k × 256: the CRC of a byte followed by k zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0x82F6_3B78 ^ crc >> 1 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xff)] ^ before >> 8
        }
        return tables
    }()
}

extension Checksum: CustomStringConvertible {
    /// Eight hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
