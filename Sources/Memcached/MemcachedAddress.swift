// Where a memcached listens, as it is written in configurations and in messages:
//
//     memcached://cache-1:11211      memcached://[2001:db8::1]      unix:///run/memcached/memcached.sock
//
// The spelling is part of the distribution of keys: libmemcached places a server on its ring by the text of its address. All
// daemons of an installation therefore have to be given the same list, written in the same way.

/// The address of one memcached server.
package enum MemcachedAddress: Sendable, Hashable {
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// The port memcached listens on unless told otherwise.
    package static let defaultPort = 11211

    /// `sun_path` of Linux has 108 bytes with its final zero (unix(7)).
    package static let maximumPathBytes = 107

    /// A domain name has at most 253 characters in text (RFC 1035, section 2.3.4).
    package static let maximumHostBytes = 253

    /// Parses one address.
    ///
    /// - Throws: `MemcachedAddressError`, whose description says what is wrong and what is expected.
    package init(_ text: String) throws(MemcachedAddressError) {
        if let path = text.dropping(prefix: "unix://") {
            try self.init(path: path, in: text)
        } else if let authority = text.dropping(prefix: "memcached://") {
            try self.init(authority: authority, in: text)
        } else {
            throw MemcachedAddressError(text, "it starts neither with memcached:// nor with unix://")
        }
    }

    /// Parses a list of addresses divided by commas; blanks around them do not count.
    ///
    /// - Throws: `MemcachedAddressError` for an empty list, a wrong address, or one that is there twice.
    package static func list(_ text: String) throws(MemcachedAddressError) -> [MemcachedAddress] {
        var addresses: [MemcachedAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let address = try MemcachedAddress(String(part.trimmingBlanks()))
            if addresses.contains(address) {
                throw MemcachedAddressError(text, "\(address) is in the list twice")
            }
            addresses.append(address)
        }
        return addresses
    }

    private init(path: String, in text: String) throws(MemcachedAddressError) {
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw MemcachedAddressError(text, "a socket needs an absolute path, as in unix:///run/memcached.sock")
        }
        guard path.utf8.count <= Self.maximumPathBytes else {
            throw MemcachedAddressError(text, "the path of a socket has at most \(Self.maximumPathBytes) bytes")
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw MemcachedAddressError(text, "the path has blanks or control characters in it")
        }
        self = .unix(path: path)
    }

    private init(authority: String, in text: String) throws(MemcachedAddressError) {
        let host: String
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw MemcachedAddressError(text, "the bracket around the IPv6 address is not closed")
            }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            rest = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy({ $0.isHexDigit || $0 == 0x3A || $0 == 0x2E }) else {
                throw MemcachedAddressError(text, "there is no IPv6 address between the brackets")
            }
        } else {
            let end = authority.firstIndex(of: ":") ?? authority.endIndex
            host = String(authority[..<end])
            rest = authority[end...]
            guard !host.isEmpty, host.utf8.count <= Self.maximumHostBytes, host.utf8.allSatisfy(\.isHostCharacter)
            else {
                throw MemcachedAddressError(text, "a host is a name or an IPv4 address; IPv6 goes in brackets")
            }
        }
        if rest.isEmpty {
            self = .tcp(host: host, port: Self.defaultPort)
            return
        }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65535).contains(port)
        else {
            throw MemcachedAddressError(text, "after the host only :PORT may follow, with a port from 1 to 65535")
        }
        self = .tcp(host: host, port: port)
    }
}

extension MemcachedAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port):
            host.contains(":") ? "memcached://[\(host)]:\(port)" : "memcached://\(host):\(port)"
        case .unix(let path):
            "unix://\(path)"
        }
    }
}

/// A text that is no address of a memcached server.
package struct MemcachedAddressError: Error, Sendable, Hashable, CustomStringConvertible {
    package let text: String
    package let reason: String

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    package var description: String {
        "“\(text)” is not an address of memcached: \(reason). "
            + "Write memcached://HOST:PORT or unix:///PATH, several divided by commas."
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }

    fileprivate var isHostCharacter: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
            || self == 0x2D || self == 0x2E || self == 0x5F
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
