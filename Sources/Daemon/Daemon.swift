// What a daemon is built with: its configuration, its metrics, and the listener that every daemon has.

import Fold
package import HTTPService
package import Logging
import NIOCore
package import Telemetry

package struct Daemon: Sendable {
    package let name: String
    package let configuration: DaemonConfiguration
    package let logger: Logger
    package let metrics: MetricsRegistry
    let systemd: SystemdService

    /// The listener with the roles' routes, `/healthz`, `/readyz` and `/metrics`. Tells systemd once it listens.
    ///
    /// - Parameter checks: What `/readyz` looks at.
    package func httpServer(
        roles: [any RouteProvider] = [], checks: [ReadinessCheck], permission: any Permission = EverybodyMay()
    ) -> HTTPServer {
        let health = Health(checks: checks) { [metrics] in metrics.exposition() }
        return HTTPServer(
            configuration.httpServer, roles: roles + [health], permission: permission, metrics: metrics, logger: logger
        ) { [self] address in
            isListening(at: address)
        }
    }

    private func isListening(at actual: SocketAddress?) {
        let address = configuration.address.with(port: actual?.port)
        if !address.isLocal, configuration.address.isLocal == false {
            logger.warning(
                "Listening beyond loopback: whoever can reach this address may read and change every application. Put a proxy that asks for permission in front, or bind to 127.0.0.1",
                metadata: ["address": "\(address)"])
        }
        logger.notice("Ready", metadata: ["address": "\(address)", "version": "\(Release.version)"])
        systemd.ready("Listening on \(address)")
    }
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
