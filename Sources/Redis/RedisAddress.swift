/// Where a Redis is and how to be let in: `redis://[user:password@]host[:port][/database]`, `rediss://…` for TLS, or
/// `unix://[user:password@]/path[?db=database]`. Of several servers one is the primary: `redis://host:port,host:port…` names them
/// all, `redis+sentinel://host:port,host:port…/name[/database]` those who know (see ``PrimaryChoice``).
///
/// Its description never contains a password.
package struct RedisAddress: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
        /// Whichever of these is the primary.
        case list([RedisEndpoint])
        /// Whom these sentinels name under this name.
        case sentinels([RedisEndpoint], name: String)
    }

    package let target: Target
    /// nil: the user `default`.
    package let user: String?
    package let password: String?
    /// 0 is what a new connection uses without SELECT.
    package let database: Int
    /// Whether the connection is encrypted, and the server has to prove that it is the one of this name.
    package let usesTLS: Bool
    /// How sentinels let one in, which have users of their own.
    package let sentinelUser: String?
    package let sentinelPassword: String?

    package init(
        _ target: Target, user: String? = nil, password: String? = nil, database: Int = 0, usesTLS: Bool = false,
        sentinelUser: String? = nil, sentinelPassword: String? = nil
    ) {
        self.target = target
        self.usesTLS = usesTLS
        self.user = user
        self.password = password
        self.database = database
        self.sentinelUser = sentinelUser
        self.sentinelPassword = sentinelPassword
    }

    /// The port in `redis://host`, from Redis' own default.
    package static let defaultPort = 6379
    /// The port in `redis+sentinel://host`, from Sentinel's.
    package static let defaultSentinelPort = 26_379
    /// `sun_path` of Linux has 108 bytes, one of them for the end.
    package static let socketPathLimit = 107
    /// Servers or sentinels of one address: each is asked several times a second.
    package static let hostLimit = 16
}

package struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// With an IPv6 address in brackets.
    package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

extension RedisAddress {
    /// One of its servers, to be entered as all of them.
    func server(at endpoint: RedisEndpoint) -> RedisAddress {
        RedisAddress(
            .tcp(host: endpoint.host, port: endpoint.port), user: user, password: password, database: database,
            usesTLS: usesTLS)
    }

    /// One of its sentinels.
    func sentinel(at endpoint: RedisEndpoint) -> RedisAddress {
        RedisAddress(
            .tcp(host: endpoint.host, port: endpoint.port), user: sentinelUser, password: sentinelPassword,
            usesTLS: usesTLS)
    }
}

extension RedisAddress: CustomStringConvertible {
    package var description: String {
        let scheme = usesTLS ? "rediss" : "redis"
        let path = database == 0 ? "" : "/\(database)"
        return switch target {
        case .tcp(let host, let port): "\(scheme)://\(RedisEndpoint(host: host, port: port))\(path)"
        case .unixSocket(let path): "unix://\(path)" + (database == 0 ? "" : "?db=\(database)")
        case .list(let endpoints): "\(scheme)://\(Self.text(endpoints))\(path)"
        case .sentinels(let endpoints, let name): "\(scheme)+sentinel://\(Self.text(endpoints))/\(name)\(path)"
        }
    }

    private static func text(_ endpoints: [RedisEndpoint]) -> String {
        endpoints.map(\.description).joined(separator: ",")
    }
}
