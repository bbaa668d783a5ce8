// Which keys may be sent. The text protocol divides by blanks and line ends: a key with CRLF in it once wrote another key. libmemcached
// checks too (VERIFY_KEY), but only says "bad key".

/// What is wrong with a key.
package enum InvalidMemcachedKey: Sendable, Hashable, CustomStringConvertible {
    case empty
    case tooLong(bytes: Int)
    case forbiddenByte(UInt8, at: Int)

    package var description: String {
        switch self {
        case .empty: "it is empty"
        case .tooLong(let bytes): "it has \(bytes) bytes, \(MemcachedKey.maximumBytes) are allowed"
        case .forbiddenByte(let byte, let place):
            "byte \(place) is 0x\(String(byte, radix: 16)); only printable ASCII without blanks is allowed"
        }
    }
}

enum MemcachedKey {
    /// `KEY_MAX_LENGTH` of memcached (doc/protocol.txt, "Keys").
    static let maximumBytes = 250

    /// - Throws: `MemcachedError.invalidKey` unless the key is 1 to 250 bytes of 0x21…0x7E.
    static func validate(_ key: String) throws(MemcachedError) {
        let bytes = key.utf8
        guard !bytes.isEmpty else { throw .invalidKey(.empty) }
        guard bytes.count <= maximumBytes else { throw .invalidKey(.tooLong(bytes: bytes.count)) }
        for (place, byte) in bytes.enumerated() where !(0x21...0x7E).contains(byte) {
            throw .invalidKey(.forbiddenByte(byte, at: place))
        }
    }

    /// FNV-1a (64 bits): which thread a key belongs to. Stable, so that equal keys meet in one batch.
    static func hash(_ key: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return hash
    }
}
