// Server-Sent Events (HTML §9.2) as they go over the wire.

import Fold
import NIOCore
import Presence

enum EventFrame {
    /// Milliseconds after which a client whose connection was lost comes back.
    private static let retry = 1_000

    /// The first bytes of a stream: some clients wait for any before they say that they are connected.
    static let opening = ByteBuffer(string: "retry: \(retry)\n\n")
    /// How long nothing is said before a comment is.
    static let silence: Duration = .seconds(15)
    /// A comment. Proxies close connections on which nothing is said for a minute, and a write is how a lost peer is found.
    static let heartbeat = ByteBuffer(string: ":\n\n")

    /// Canonical JSON has no line breaks, so each event has one line of data.
    static func event(_ word: StreamCursor.Word) -> ByteBuffer {
        switch word {
        case .state(let version, _, let state): event("state", version, state)
        case .patch(_, let version, _, let patch): event("patch", version, patch)
        // Without an id: what the client has is nothing, and an empty id says so.
        case .deleted: ByteBuffer(string: "id\nevent: deleted\ndata: {}\n\n")
        }
    }

    /// Who is here. Without an id: it is no version.
    static func presence(_ content: PresenceContent) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: presence\ndata: ")
        buffer.writeImmutableBuffer(content.body)
        buffer.writeString("\n\n")
        return buffer
    }

    private static func event(_ name: String, _ version: VersionToken, _ data: ByteBuffer) -> ByteBuffer {
        let head = "id: \(version)\nevent: \(name)\ndata: "
        var buffer = ByteBufferAllocator().buffer(capacity: head.utf8.count + data.readableBytes + 2)
        buffer.writeString(head)
        buffer.writeImmutableBuffer(data)
        buffer.writeString("\n\n")
        return buffer
    }
}
