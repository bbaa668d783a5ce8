// What the server says, as frames. States and patches are put in as the bytes they are; they are JSON already and never read again.

import Documents
package import Fold
package import HTTPService
package import NIOCore
import NIOWebSocket

package enum ServerMessage: Sendable {
    /// The whole state, canonical JSON.
    case state(ByteBuffer, version: VersionToken, position: PositionToken)
    /// What leads from one version to another: a merge patch, or an array, which is a JSON Patch.
    case patch(ByteBuffer, from: VersionToken, version: VersionToken, position: PositionToken)
    /// The application was deleted.
    case deleted
    /// A change has a position.
    case ack(ChangeID, receipt: PositionToken)
    /// A message was not taken; nil if it named no change.
    case refused(id: String?, Problem)
    /// A change that had a position came to nothing.
    case rejected(ChangeID, reason: Problem)
    /// What the clients say about themselves, as JSON.
    case presence(ByteBuffer)
}

extension ServerMessage {
    /// The message in one frame. It may be sent to any number of clients.
    package var frame: SocketFrame {
        switch self {
        case .state(let state, let version, let position):
            .text(#"{"state":"#, state, #","version":"\#(version)","position":"\#(position)"}"#)
        case .patch(let patch, let from, let version, let position):
            .text(#"{"patch":"#, patch, #","from":"\#(from)","version":"\#(version)","position":"\#(position)"}"#)
        case .deleted: .text(.object([("deleted", .bool(true))]))
        case .ack(let id, let receipt):
            .text(
                .object([("ack", .object(Self.members(id.description) + [("receipt", .string(receipt.description))]))]))
        case .refused(let id, let problem):
            .text(.object([("refused", .object(Self.members(id) + [("problem", problem.document)]))]))
        case .rejected(let id, let reason):
            .text(.object([("rejected", .object(Self.members(id.description) + [("reason", reason.document)]))]))
        case .presence(let clients): .text(#"{"presence":"#, clients, "}")
        }
    }

    private static func members(_ id: String?) -> [(String, Document)] { id.map { [("id", .string($0))] } ?? [] }
}

extension SocketFrame {
    fileprivate static func text(_ document: Document) -> SocketFrame {
        SocketFrame(.text, ByteBuffer(bytes: document.encoded()))
    }

    /// The tokens in the parts round the JSON have no characters that would need escapes.
    fileprivate static func text(_ start: String, _ json: ByteBuffer, _ end: String) -> SocketFrame {
        SocketFrame(.text, ByteBuffer(string: start), json, ByteBuffer(string: end))
    }
}
