// How an address is written.

/// What is wrong with an address, as a sentence. Does not repeat the address, which may hold a password.
package struct RedisAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ problem: String) {
        description =
            "The address of Redis is wrong: \(problem). Examples: redis://host:6379/0, unix:///run/redis.sock?db=0, or redis+sentinel://host:26379,host:26379/name."
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

        let usesTLS = text.hasPrefix("rediss")
        switch text[..<mark.lowerBound] {
        case "redis", "rediss":
            let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let endpoints = try Self.endpoints(parts.first ?? "", defaultPort: Self.defaultPort)
            self.init(
                endpoints.count == 1
                    ? .tcp(host: endpoints[0].host, port: endpoints[0].port) : .list(endpoints),
                user: user, password: password, database: try Self.database(parts.count > 1 ? parts[1] : ""),
                usesTLS: usesTLS)
        case "redis+sentinel", "rediss+sentinel":
            let halves = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let parts = (halves.first ?? "").split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            let name = try Self.decode(parts.count > 1 ? parts[1] : "")
            guard !name.isEmpty else {
                throw RedisAddressError("behind the sentinels there is no /name, which is what they call the primary")
            }
            let (sentinelUser, sentinelPassword) = try Self.sentinelCredentials(halves.count > 1 ? halves[1] : "")
            self.init(
                .sentinels(
                    try Self.endpoints(parts.first ?? "", defaultPort: Self.defaultSentinelPort), name: name),
                user: user, password: password, database: try Self.database(parts.count > 2 ? parts[2] : ""),
                usesTLS: usesTLS, sentinelUser: sentinelUser, sentinelPassword: sentinelPassword)
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
            throw RedisAddressError("its scheme is none of redis, rediss, redis+sentinel, rediss+sentinel and unix")
        }
    }

    private static func credentials(_ text: Substring) throws(RedisAddressError) -> (user: String?, password: String?) {
        guard let colon = text.firstIndex(of: ":") else {
            throw RedisAddressError("before the @ there is no user:password")
        }
        let user = try decode(text[..<colon])
        return (user.isEmpty ? nil : user, try decode(text[text.index(after: colon)...]))
    }

    /// `sentinel=[user]:password`
    private static func sentinelCredentials(
        _ query: Substring
    ) throws(RedisAddressError) -> (user: String?, password: String?) {
        if query.isEmpty { return (nil, nil) }
        let name = "sentinel="
        guard query.hasPrefix(name), query.contains(":") else {
            throw RedisAddressError("only ?sentinel=user:password may follow the name")
        }
        return try credentials(query.dropFirst(name.count))
    }

    private static func endpoints(_ text: Substring, defaultPort: Int) throws(RedisAddressError) -> [RedisEndpoint] {
        var endpoints: [RedisEndpoint] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let endpoint = try endpoint(part, defaultPort: defaultPort)
            guard !endpoints.contains(endpoint) else { throw RedisAddressError("it names a host twice") }
            endpoints.append(endpoint)
        }
        guard endpoints.count <= hostLimit else { throw RedisAddressError("it names more than \(hostLimit) hosts") }
        return endpoints
    }

    private static func endpoint(_ text: Substring, defaultPort: Int) throws(RedisAddressError) -> RedisEndpoint {
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
        return RedisEndpoint(host: String(host), port: port)
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
