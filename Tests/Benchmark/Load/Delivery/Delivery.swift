// How a client comes to know of a new version without asking for it again and again, and what it asks for: the same bytes to every server.

import NIOCore

enum Delivery: String, Sendable, CaseIterable {
    case longPoll = "long poll"
    case events = "event stream"
    case socket = "WebSocket"

    /// The first request, and for long polls the next one.
    ///
    /// - Parameters:
    ///   - etag: of what the client has.
    ///   - modified: the same in nchan's words, which go by the time and count within it.
    func request(_ path: String, etag: String? = nil, modified: String? = nil) -> ByteBuffer {
        switch self {
        case .longPoll:
            let wait = "Prefer: wait=60"
            guard let modified else { return Request.get(path, ifNoneMatch: etag, wait) }
            return Request.get(path, ifNoneMatch: etag, wait, "If-Modified-Since: \(modified)")
        case .events: return Request.get(path, "Accept: text/event-stream")
        case .socket:
            return Request.get(
                path, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: \(Self.key)")
        }
    }

    /// The key that RFC 6455 §1.3 has for an example, and what has to be answered to it.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
}
