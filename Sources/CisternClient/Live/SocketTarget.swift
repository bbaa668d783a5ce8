// Where a socket is: what a URL says, in the parts that a handshake needs.

import NIOCore

/// Where a socket is.
struct SocketTarget: Sendable {
    let url: String
    let isSecure: Bool
    let host: String
    let port: Int
    /// As the header field Host has it.
    let authority: String
    let path: String

    /// - Parameter url: of a server, checked before.
    /// - Returns: nil for a URL without a host or with a port that is none.
    init?(url: String, path: String) {
        guard let slashes = url.firstRange(of: "://") else { return nil }
        self.url = url
        isSecure = url[..<slashes.lowerBound].lowercased() == "https"
        let rest = url[slashes.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        self.authority = String(authority)
        self.path = rest.dropFirst(authority.count) + path
        // The colons of an IPv6 address stand in brackets.
        let bracket = authority.lastIndex(of: "]")
        let colon = authority[(bracket ?? authority.startIndex)...].lastIndex(of: ":")
        let host = authority[..<(colon ?? authority.endIndex)]
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host)
        if let colon {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(port) else {
                return nil
            }
            self.port = port
        } else {
            port = isSecure ? 443 : 80
        }
        if self.host.isEmpty { return nil }
    }

    /// Server names in TLS are names, not addresses (RFC 6066 §3).
    var isName: Bool { (try? SocketAddress(ipAddress: host, port: port)) == nil }
}
