// What a daemon is built with: its configuration, its metrics, and the listener that every daemon has.

import Fold
package import HTTPService
package import Logging
package import NIOCore
import NIOPosix
import Synchronization
package import Telemetry

package struct Daemon: Sendable {
    package let name: String
    /// Names this process among all that run and ran: host, process and chance.
    package let instance: String
    package let configuration: DaemonConfiguration
    package let logger: Logger
    package let metrics: MetricsRegistry
    package let admittance: Admittance
    /// Nil if requests may come as often as they like.
    package let rates: RequestRates?
    let systemd: SystemdService
    let listening = ListeningAddress()

    var setup: HealthReport.Setup {
        HealthReport.Setup(
            maximumConnections: configuration.maximumConnections, openFiles: FileLimit.raise(),
            hasKeys: configuration.keys != nil, certificateEnd: admittance.tls?.end)
    }

    /// The threads for connections, as many as there are cores unless told otherwise. All I/O is on them, so that a request goes from
    /// its socket to Redis' and back without changing threads.
    package var eventLoopGroup: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    /// The listener with the roles' routes, `/healthz`, `/readyz` and `/metrics`. Tells systemd once it listens.
    ///
    /// - Parameter checks: What `/readyz` looks at.
    package func httpServer(
        roles: [any RouteProvider] = [], lanes: [any ExpressLaneProvider] = [], checks: [ReadinessCheck]
    ) -> HTTPServer {
        let health = Health(checks: checks) { [metrics] in metrics.exposition() }
        var server = configuration.httpServer
        server.tls = admittance.tls
        server.rates = rates
        return HTTPServer(
            server, roles: roles + [health], lanes: lanes, permission: admittance.permission, metrics: metrics,
            eventLoopGroup: eventLoopGroup, logger: logger
        ) { [self] address in
            isListening(at: address)
        }
    }

    private func isListening(at actual: SocketAddress?) {
        let address = configuration.address.with(port: actual?.port)
        listening.note("\(address)")
        if !address.isLocal, admittance.permission.everybodyMay {
            logger.warning(
                "Listening beyond loopback without keys: whoever can reach this address may read, change and delete every application",
                metadata: ["address": "\(address)"])
        }
        logger.notice("Ready", metadata: ["address": "\(address)", "version": "\(Release.version)"])
        systemd.ready("Listening on \(address)")
    }
}

/// Where the daemon has come to listen, once it does.
final class ListeningAddress: Sendable {
    private let noted = Mutex("")

    var address: String { noted.withLock { $0 } }

    func note(_ address: String) { noted.withLock { $0 = address } }
}

extension HTTPServer.Address {
    /// The address with the port that was taken where 0 was asked for.
    fileprivate func with(port: Int?) -> HTTPServer.Address {
        switch self {
        case .host(let host, let configured): .host(host, port: port ?? configured)
        case .unix: self
        }
    }
}
