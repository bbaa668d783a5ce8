/// Where a Redis is and how to be let in: `redis://[user:password@]host[:port][/database]`, `rediss://…` for TLS, or
/// `unix://[user:password@]/path[?db=database]`.
///
/// Its description never contains the password.
package struct RedisAddress: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
    }

    package let target: Target
    /// nil: the user `default`.
    package let user: String?
    package let password: String?
    /// 0 is what a new connection uses without SELECT.
    package let database: Int
    /// Whether the connection is encrypted, and the server has to prove that it is the one of this name.
    package let usesTLS: Bool

    package init(
        _ target: Target, user: String? = nil, password: String? = nil, database: Int = 0, usesTLS: Bool = false
    ) {
        self.target = target
        self.usesTLS = usesTLS
        self.user = user
        self.password = password
        self.database = database
    }

    /// The port in `redis://host`, from Redis' own default.
    package static let defaultPort = 6379
    /// `sun_path` of Linux has 108 bytes, one of them for the end.
    package static let socketPathLimit = 107
}

/// What is wrong with an address, as a sentence. Does not repeat the address, which may hold a password.
package struct RedisAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ problem: String) {
        description =
            "The address of Redis is wrong: \(problem). Examples: redis://host:6379/0 or unix:///run/redis.sock?db=0."
    }
}

extension RedisAddress {
    package init(_ text: String) throws(RedisAddressError) {
        guard let mark = text.firstRange(of: "://") else { throw RedisAddressError("it has no scheme") }
        var rest = text[mark.upperBound...]
        // The last @ before the path: passwords with an @ of their own are common, though it ought to be %40.
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        let at = rest[..<authorityEnd].lastIndex(of: "@")
        let (user, password) =
            try at.map { (at) throws(RedisAddressError) in try Self.credentials(rest[..<at]) } ?? (nil, nil)
        if let at { rest = rest[rest.index(after: at)...] }

        switch text[..<mark.lowerBound] {
        case "redis", "rediss":
            let slash = rest.firstIndex(of: "/")
            let (host, port) = try Self.hostAndPort(rest[..<(slash ?? rest.endIndex)])
            let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
            self.init(
                .tcp(host: host, port: port), user: user, password: password, database: try Self.database(path),
                usesTLS: text.hasPrefix("rediss:"))
        case "unix", "redis+unix":
            let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let path = try Self.decode(parts.first ?? "")
            guard path.hasPrefix("/") else { throw RedisAddressError("the path of the socket has to start with /") }
            guard path.utf8.count <= Self.socketPathLimit else {
                throw RedisAddressError("the path of the socket is longer than \(Self.socketPathLimit) bytes")
            }
            let query = parts.count > 1 ? parts[1] : ""
            guard query.isEmpty || query.hasPrefix("db=") else {
                throw RedisAddressError("only ?db= may follow the path")
            }
            self.init(
                .unixSocket(path: path), user: user, password: password, database: try Self.database(query.dropFirst(3))
            )
        default:
            throw RedisAddressError("its scheme is none of redis, rediss and unix")
        }
    }

    private static func credentials(_ text: Substring) throws(RedisAddressError) -> (user: String?, password: String?) {
        guard let colon = text.firstIndex(of: ":") else {
            throw RedisAddressError("before the @ there is no user:password")
        }
        let user = try decode(text[..<colon])
        return (user.isEmpty ? nil : user, try decode(text[text.index(after: colon)...]))
    }

    private static func hostAndPort(_ text: Substring) throws(RedisAddressError) -> (String, Int) {
        var host = text
        var port = defaultPort
        // The colons inside [::1] are not the one before the port.
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            guard let number = Int(text[text.index(after: colon)...]), (1...65_535).contains(number) else {
                throw RedisAddressError("the port is not a number from 1 to 65535")
            }
            host = text[..<colon]
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw RedisAddressError("it names no host") }
        return (String(host), port)
    }

    private static func database(_ text: Substring) throws(RedisAddressError) -> Int {
        if text.isEmpty { return 0 }
        guard let number = Int(text), number >= 0 else {
            throw RedisAddressError("the database is not a number from 0 on")
        }
        return number
    }

    /// Percent-decoding (RFC 3986, section 2.1).
    private static func decode(_ text: Substring) throws(RedisAddressError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw RedisAddressError("a % is not followed by two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw RedisAddressError("it is not UTF-8") }
        return decoded
    }
}

extension RedisAddress: CustomStringConvertible {
    package var description: String {
        switch target {
        case .tcp(let host, let port):
            "redis\(usesTLS ? "s" : "")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
                + (database == 0 ? "" : "/\(database)")
        case .unixSocket(let path): "unix://\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }
}
