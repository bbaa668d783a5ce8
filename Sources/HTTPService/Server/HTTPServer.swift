// The server: puts routes, lanes, limits, permission and metrics together into one service.

import Hummingbird
import HummingbirdCore
package import Logging
package import Metrics
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// What all requests of a server share.
struct RequestServices: Sendable {
    let admission: Admission
    let crossOrigin: CrossOriginPolicy?
    let metrics: any MetricsFactory
    let bodies: BodyBudget
    let rates: RequestRates?
}

package struct HTTPServer: Service {
    package struct Configuration: Sendable {
        package var address: Address
        package var limits = HTTPLimits()
        package var crossOrigin: CrossOriginPolicy?
        /// Nil to be spoken to in the clear.
        package var tls: TLSIdentity?
        /// Listened to already, and kept open by whoever handed it over: it outlives this server. `address` is its.
        package var inheritedSocket: CInt?
        /// How long connections get before a stop, so that each of them ends behind an answer that says so.
        package var drainTime = Duration.zero
        /// Nil if requests may come as often as they like.
        package var rates: RequestRates?
        /// Whether requests are answered from their bytes where that is possible.
        package var expressLanes = true

        package init(address: Address, limits: HTTPLimits = HTTPLimits(), crossOrigin: CrossOriginPolicy? = nil) {
            self.address = address
            self.limits = limits
            self.crossOrigin = crossOrigin
        }
    }

    private let listener: Listener

    /// - Parameters:
    ///   - roles: What is served, apart from the pages about problems, which every server has.
    ///   - lanes: What answers some of the roles' requests ahead of their routes.
    ///   - onListening: Called once, when connections are accepted, with the address.
    package init(
        _ configuration: Configuration,
        roles: [any RouteProvider],
        lanes: [any ExpressLaneProvider] = [],
        permission: any Permission = EverybodyMay(),
        metrics: any MetricsFactory,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) {
        var routes = Routes()
        routes.add(roles)
        routes.add(ProblemPages())
        let services = RequestServices(
            admission: Admission(permission), crossOrigin: configuration.crossOrigin, metrics: metrics,
            bodies: BodyBudget(bytes: configuration.limits.bodiesInFlightBytes), rates: configuration.rates)
        let usesLanes = configuration.expressLanes
        listener = Listener(
            configuration: configuration, services: services,
            lanes: usesLanes ? lanes : lanes.filter(\.isOnlyWay), leavesAtFirst: !usesLanes,
            responder: Responder(router: routes.router(services).buildResponder(), logger: logger),
            eventLoopGroup: eventLoopGroup, onListening: onListening, logger: logger)
    }

    /// Serves until graceful shutdown: then connections are drained, no more are accepted, requests that are under way are answered,
    /// and the rest is closed.
    package func run() async throws { try await listener.run() }
}
