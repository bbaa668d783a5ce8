// GET …/socket without an upgrade: what a browser's address bar or curl get to see.

package import HTTPService
import HTTPTypes

package struct SocketRoutes: RouteProvider {
    package init() {}

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.get, "/socket", action: .poll) { _, _ in
            throw Problem.upgradeRequired(
                "This path is for WebSockets; the request does not ask for “Upgrade: websocket”.")
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
