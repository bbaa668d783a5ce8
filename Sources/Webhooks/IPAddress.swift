// Addresses and networks of IP, by their bits.

import Glibc

package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    case v6(UInt128)

    /// Only the standard spellings: four decimal numbers, or RFC 4291 §2.2, without brackets and zones.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(UInt32(bigEndian: v4.s_addr))
            return
        }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        self = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// In a standard spelling, though not the shortest one of IPv6.
    package var description: String {
        switch self {
        case .v4(let bits): (0..<4).map { String(bits >> UInt32(24 - 8 * $0) & 255) }.joined(separator: ".")
        case .v6(let bits):
            (0..<8).map { String(UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)), radix: 16) }
                .joined(separator: ":")
        }
    }

    /// What it is of IPv4 if it is that in IPv6's clothes (`::ffff:0:0/96`, RFC 4291 §2.5.5.2): packets go there by IPv4.
    package var unmapped: IPAddress {
        if case .v6(let bits) = self, bits >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: bits)) }
        return self
    }
}

/// `10.0.0.0/8`, `fd00::/8`; an address alone is a network of its own.
package struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    private let length: Int

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0])?.unmapped else { return nil }
        let most = if case .v4 = address { 32 } else { 128 }
        guard parts.count == 2 else {
            (self.address, length) = (address, most)
            return
        }
        guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = Int(parts[1]), length <= most
        else { return nil }
        (self.address, self.length) = (address, length)
    }

    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other.unmapped) {
        case (.v4(let own), .v4(let other)): length == 0 || (own ^ other) >> UInt32(32 - length) == 0
        case (.v6(let own), .v6(let other)): length == 0 || (own ^ other) >> UInt128(128 - length) == 0
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}
