// GET …/socket without an upgrade: what a browser's address bar or curl get to see. And with one that came too late to be followed: where
// lanes are switched off, only a connection's first request may become a socket.

package import HTTPService
import HTTPTypes

package struct SocketRoutes: RouteProvider {
    package init() {}

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.get, "/socket", action: .poll) { call, _ in
            throw Problem.upgradeRequired(
                call.headers.contains(.upgrade)
                    ? "On this connection there can be no WebSocket any more; open another one for it."
                    : "This path is for WebSockets; the request does not ask for “Upgrade: websocket”.")
        }
    }
}

extension Problem {
    /// RFC 9110 §15.5.22 demands Upgrade, and with it the connection option; RFC 6455 §4.4 the version.
    static func upgradeRequired(_ detail: String) -> Problem {
        Problem(.upgradeRequired, detail)
            .with(header: .upgrade, "websocket")
            .with(header: .connection, "Upgrade")
            .with(header: .secWebSocketVersion, SocketRequest.version)
    }
}
