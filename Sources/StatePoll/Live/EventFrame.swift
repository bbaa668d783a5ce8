// Server-Sent Events (HTML §9.2) as they go over the wire.

import Documents
import Fold
import HTTPService
import NIOCore
import Presence

/// One piece of a stream.
struct EventFrame: Sendable {
    /// As a chunk of HTTP/1.1: made once, and sent by as many lanes as follow.
    let chunk: ByteBuffer
    private let bytes: Int

    private init(_ content: ByteBuffer) {
        chunk = ByteBuffer(chunk: content)
        bytes = content.readableBytes
    }

    private init(_ text: String) { self.init(ByteBuffer(string: text)) }

    /// For whoever frames it by itself.
    var content: ByteBuffer { chunk.getSlice(at: chunk.writerIndex - Self.chunkEnd - bytes, length: bytes) ?? chunk }

    /// Bytes behind a chunk's content.
    private static let chunkEnd = 2

    /// Milliseconds after which a client whose connection was lost comes back.
    private static let retry = 1_000

    /// The first bytes of a stream: some clients wait for any before they say that they are connected.
    static let opening = EventFrame("retry: \(retry)\n\n")
    /// How long nothing is said before a comment is.
    static let silence: Duration = .seconds(15)
    /// A comment. Proxies close connections on which nothing is said for a minute, and a write is how a lost peer is found.
    static let heartbeat = EventFrame(":\n\n")

    /// Canonical JSON has no line breaks, so each event has one line of data.
    init(_ word: StreamCursor.Word) {
        switch word {
        case .state(let version, let position, let state):
            self.init("\(Self.place(version, position))event: state", state)
        case .patch(_, let version, let position, let patch):
            self.init("\(Self.place(version, position))event: patch", patch)
        // Without an id: what the client has is nothing, and an empty id says so.
        case .deleted: self.init("id\nevent: deleted\ndata: {}\n\n")
        }
    }

    /// The last event of a stream whose token has expired, with the problem that the next request with it would be answered with.
    static let unauthenticated = EventFrame(
        "event: unauthenticated", ByteBuffer(bytes: Problem.tokenOver.document.encoded()))

    /// Who is here. Without an id: it is no version.
    init(_ presence: PresenceContent) { self.init("event: presence", presence.body) }

    private init(_ fields: String, _ data: ByteBuffer) {
        let head = "\(fields)\ndata: "
        var content = ByteBufferAllocator().buffer(capacity: head.utf8.count + data.readableBytes + 2)
        content.writeString(head)
        content.writeImmutableBuffer(data)
        content.writeString("\n\n")
        self.init(content)
    }

    /// The position is a field of our own, which everybody else has to pass over (§9.2.6): the data is the bare state or patch.
    private static func place(_ version: VersionToken, _ position: PositionToken) -> String {
        "id: \(version)\nposition: \(position)\n"
    }
}
