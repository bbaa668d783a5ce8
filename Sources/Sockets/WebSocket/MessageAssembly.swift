// A message on its way in, fragment by fragment (RFC 6455 §5.4).

package import NIOCore
import NIOWebSocket

/// A whole message.
package enum SocketMessage: Equatable, Sendable {
    /// Valid UTF-8.
    case text(ByteBuffer)
    case binary(ByteBuffer)
}

struct MessageAssembly {
    private enum State {
        /// Between messages.
        case none
        /// Some fragments are here, the last is not.
        case fragments(isText: Bool, ByteBuffer)
    }

    private var state = State.none
    private let limit: Int

    /// - Parameter limit: Bytes of a message.
    init(limit: Int) { self.limit = limit }

    /// Bytes that are kept.
    var count: Int {
        switch state {
        case .none: 0
        case .fragments(_, let bytes): bytes.readableBytes
        }
    }

    var isIncomplete: Bool {
        switch state {
        case .none: false
        case .fragments: true
        }
    }

    /// Takes the first fragment or the whole of a message.
    mutating func begin(isText: Bool, _ payload: ByteBuffer, isFinal: Bool) throws(SocketClose) -> SocketMessage? {
        guard !isIncomplete else {
            throw SocketClose(.protocolError, "A message begins before the last one has ended.")
        }
        return try end(isText: isText, payload, isFinal: isFinal)
    }

    /// Takes a further fragment.
    mutating func go(on payload: ByteBuffer, isFinal: Bool) throws(SocketClose) -> SocketMessage? {
        guard case .fragments(let isText, var bytes) = state else {
            throw SocketClose(.protocolError, "A message goes on that has not begun.")
        }
        // Without a second reference the bytes are appended in place.
        state = .none
        guard bytes.readableBytes + payload.readableBytes <= limit else { throw tooLarge }
        bytes.writeImmutableBuffer(payload)
        return try end(isText: isText, bytes, isFinal: isFinal)
    }

    private mutating func end(isText: Bool, _ bytes: ByteBuffer, isFinal: Bool) throws(SocketClose) -> SocketMessage? {
        guard bytes.readableBytes <= limit else { throw tooLarge }
        guard isFinal else {
            state = .fragments(isText: isText, bytes)
            return nil
        }
        guard isText else { return .binary(bytes) }
        guard bytes.isValidUTF8 else {
            throw SocketClose(.dataInconsistentWithMessage, "The text is not UTF-8.")
        }
        return .text(bytes)
    }

    private var tooLarge: SocketClose { .tooLarge(limit) }
}

extension SocketClose {
    static func tooLarge(_ limit: Int) -> SocketClose {
        SocketClose(.messageTooLarge, "A message has more than \(limit) bytes.")
    }
}
