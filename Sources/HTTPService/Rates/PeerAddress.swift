// Who a peer without a token is: its address. Of IPv6 the first 64 bits, since whoever has one address there has 2⁶⁴.

import Glibc
package import NIOCore
package import RateLimits

package enum PeerAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    /// By a unix socket, or from nowhere.
    case local

    package init(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else {
            self = .local
            return
        }
        if let parts: [UInt32] = Self.parts(of: text, AF_INET, bytes: 4) {
            self = .v4(parts[0])
        } else if let halves: [UInt64] = Self.parts(of: text, AF_INET6, bytes: 16) {
            // An IPv4 address as sockets for both see it (RFC 4291 §2.5.5.2): all of those have the same first 64 bits.
            let isFour = halves[0] == 0 && halves[1] >> 32 == 0xFFFF
            self = isFour ? .v4(UInt32(truncatingIfNeeded: halves[1])) : .v6(halves[0])
        } else {
            self = .local
        }
    }

    /// The address in parts, in the order of the network; nil if it is of another family.
    private static func parts<Part: FixedWidthInteger>(of text: String, _ family: Int32, bytes: Int) -> [Part]? {
        var parts = [Part](repeating: 0, count: bytes / MemoryLayout<Part>.size)
        guard unsafe inet_pton(family, text, &parts) == 1 else { return nil }
        return parts.map { Part(bigEndian: $0) }
    }

    package var rateKey: RateKey { RateKey(self) }
}
