// What a request for a socket asks for, and what is wrong with it (RFC 6455 §4.2.1).

import Documents
package import Fold
import FoundationEssentials
package import HTTPService
import NIOHTTP1

/// A request for a socket that is well in itself.
package struct SocketRequest: Sendable {
    package let application: ApplicationID
    /// What the client says it has.
    package let have: VersionToken?
    /// What else it wants.
    package let query: Query
    /// Whether it offered ``subprotocol``; else none is named in the answer.
    let offersSubprotocol: Bool

    /// What stood behind ``tokenProtocol``: scripts in browsers can name subprotocols, but set no header fields.
    let token: [UInt8]?

    package static let subprotocol = "cistern.v1"
    static let tokenProtocol = "bearer."
}

extension SocketRequest {
    /// - Parameter origins: Whose pages may open sockets, apart from those of the server itself.
    init(_ head: HTTPRequestHead, origins: CrossOriginPolicy?) throws(Problem) {
        guard head.method == .GET, head.version == .http1_1 else {
            throw Self.invalid("A WebSocket begins with a GET of HTTP/1.1.")
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        application = try Self.application(inPath: parts[0])
        try Self.checkOrigin(head.headers, origins)
        try Self.checkHandshake(head.headers)
        offersSubprotocol = try Self.offer(head.headers)
        token = try Self.token(head.headers)
        query = Query(parts.count > 1 ? String(parts[1]) : nil)
        have = try query.token("have", as: VersionToken.self)
    }

    private static func application(inPath path: Substring) throws(Problem) -> ApplicationID {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 5, segments[0].isEmpty, segments[1] == "v1", segments[2] == "apps",
            segments[4] == "socket", let name = PercentDecoding.decode(segments[3])
        else { throw Problem(.notFound, "There is no socket at this path.") }
        do { return try ApplicationID(name) } catch { throw Problem(.invalidID, "\(error)") }
    }

    /// Browsers let any page open a WebSocket to anywhere; only the server can tell that it should not.
    private static func checkOrigin(_ headers: HTTPHeaders, _ origins: CrossOriginPolicy?) throws(Problem) {
        guard let origin = headers.first(name: "origin"), origins?.allowed(origin) == nil else { return }
        let authority = origin.firstRange(of: "://").map { origin[$0.upperBound...].lowercased() }
        guard let host = headers.first(name: "host"), authority == host.lowercased() else {
            throw Problem(
                .forbidden, "Pages of “\(origin)” may not open sockets here; it is not among the allowed origins.")
        }
    }

    private static func checkHandshake(_ headers: HTTPHeaders) throws(Problem) {
        guard headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }),
            headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" })
        else { throw Problem.upgradeRequired("The request does not ask for “Upgrade: websocket”.") }
        guard headers["sec-websocket-version"] == [version] else {
            throw Problem.upgradeRequired("This server speaks version \(version) of the WebSocket protocol.")
        }
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1, Data(base64Encoded: keys[0])?.count == keyBytes else {
            throw invalid("Sec-WebSocket-Key takes \(keyBytes) bytes in Base64, once.")
        }
        guard headers.first(name: "content-length") ?? "0" == "0", !headers.contains(name: "transfer-encoding") else {
            throw invalid("The request for a WebSocket has no body.")
        }
    }

    /// - Returns: whether our subprotocol is offered. A client that offers none means that it knows which it is.
    private static func offer(_ headers: HTTPHeaders) throws(Problem) -> Bool {
        let offered = headers[canonicalForm: "sec-websocket-protocol"]
        guard !offered.isEmpty, !offered.contains(where: { $0 == subprotocol }) else { return !offered.isEmpty }
        throw invalid("None of the subprotocols in Sec-WebSocket-Protocol is known; this server speaks \(subprotocol).")
            .with("supported", .array([.string(subprotocol)]))
    }

    /// It stands beside ours and is never named in the answer.
    private static func token(_ headers: HTTPHeaders) throws(Problem) -> [UInt8]? {
        let tokens = headers[canonicalForm: "sec-websocket-protocol"].filter { $0.hasPrefix(tokenProtocol) }
        guard let token = tokens.first else { return nil }
        guard tokens.count == 1, !headers.contains(name: "authorization") else {
            throw invalid("The request has two tokens.")
        }
        return Array(token.utf8.dropFirst(tokenProtocol.utf8.count))
    }

    private static func invalid(_ detail: String) -> Problem { Problem(.invalidHandshake, detail) }

    static let version = "13"
    private static let keyBytes = 16
}
