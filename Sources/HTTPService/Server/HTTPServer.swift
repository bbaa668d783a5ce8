// The listener: puts routes, limits, permission and metrics together into one service.

import Hummingbird
import HummingbirdCore
package import Logging
package import Metrics
package import NIOCore
import ServiceLifecycle

/// What all requests of a server share.
struct RequestServices: Sendable {
    let permission: any Permission
    let crossOrigin: CrossOriginPolicy?
    let metrics: any MetricsFactory
    let bodies: BodyBudget
}

package struct HTTPServer: Service {
    package struct Configuration: Sendable {
        package var address: Address
        package var limits = HTTPLimits()
        package var crossOrigin: CrossOriginPolicy?

        package init(address: Address, limits: HTTPLimits = HTTPLimits(), crossOrigin: CrossOriginPolicy? = nil) {
            self.address = address
            self.limits = limits
            self.crossOrigin = crossOrigin
        }
    }

    package enum Address: Sendable, Equatable {
        /// Port 0 takes a free one, which `onListening` is told.
        case host(String, port: Int)
        /// A socket file; one that is there already is replaced.
        case unix(path: String)

        /// Only this machine, at the port of the tour.
        package static let standard = Address.host("127.0.0.1", port: 8080)
    }

    private let application: Application<RouterResponder<HTTPContext>>

    /// - Parameters:
    ///   - roles: What is served, apart from the pages about problems, which every server has.
    ///   - onListening: Called once, when connections are accepted, with the address.
    package init(
        _ configuration: Configuration,
        roles: [any RouteProvider],
        permission: any Permission = EverybodyMay(),
        metrics: any MetricsFactory,
        logger: Logger,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) {
        let limits = configuration.limits
        var routes = Routes()
        routes.add(roles)
        routes.add(ProblemPages())
        let services = RequestServices(
            permission: permission, crossOrigin: configuration.crossOrigin, metrics: metrics,
            bodies: BodyBudget(bytes: limits.bodiesInFlightBytes))
        let connections = ConnectionLimit(limits.connections, gauge: Meter(label: "http_connections", factory: metrics))
        application = Application(
            responder: routes.router(services).buildResponder(),
            server: Self.listener(limits),
            configuration: ApplicationConfiguration(
                address: configuration.address.bindAddress, backlog: limits.backlog,
                availableConnectionsDelegate: connections),
            onServerRunning: { await onListening($0.localAddress) },
            logger: logger)
    }

    /// Serves until graceful shutdown: then no more connections are accepted, requests that are under way are answered, and
    /// the rest is closed.
    package func run() async throws {
        try await application.run()
    }

    private static func listener(_ limits: HTTPLimits) -> HTTPServerBuilder {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerFields)
        let configuration = HTTP1Channel.Configuration(
            idleTimeout: TimeAmount(limits.keepAlive), httpDecoderConfiguration: decoder)
        return HTTPServerBuilder { responder in
            GuardedHTTP1Channel(base: HTTP1Channel(responder: responder, configuration: configuration), limits: limits)
        }
    }
}

extension HTTPServer.Address {
    fileprivate var bindAddress: BindAddress {
        switch self {
        case .host(let host, let port): .hostname(host, port: port)
        case .unix(let path): .unixDomainSocket(path: path)
        }
    }

    /// Whether only this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .host(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        case .unix: true
        }
    }
}

extension HTTPServer.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
