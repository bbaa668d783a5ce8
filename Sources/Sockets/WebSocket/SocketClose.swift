// Why a socket ends, as close frames say it (RFC 6455 §7.4).

import NIOCore
package import NIOWebSocket

/// What is in a close frame.
package struct SocketClose: Equatable, Sendable {
    /// Nil if the frame is empty, which is allowed.
    package let code: WebSocketErrorCode?
    /// For people who debug; of more than 123 bytes the end is not sent.
    package let reason: String

    package init(_ code: WebSocketErrorCode?, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// The request for the socket asks for something that cannot be.
    package static func policy(_ reason: String) -> SocketClose { SocketClose(.policyViolation, reason) }

    /// The client may come back after a while.
    package static func later(_ reason: String) -> SocketClose { SocketClose(.tryAgainLater, reason) }

    /// The client's token has expired, or its key is not trusted any more: it may come back with another.
    package static let unauthenticated = SocketClose(.unauthenticated, "The token has expired.")

    package static func == (one: SocketClose, other: SocketClose) -> Bool {
        one.code.map(UInt16.init(webSocketErrorCode:)) == other.code.map(UInt16.init(webSocketErrorCode:))
            && one.reason.utf8.elementsEqual(other.reason.utf8)
    }

    /// Bytes of a control frame's payload (RFC 6455 §5.5).
    static let maximumBytes = 125

    var payload: ByteBuffer {
        var payload = ByteBuffer()
        guard let code else { return payload }
        payload.write(webSocketErrorCode: code)
        // As many whole characters as there is room for.
        for character in reason {
            guard payload.readableBytes + character.utf8.count <= Self.maximumBytes else { break }
            payload.writeString(String(character))
        }
        return payload
    }

    /// Reads what the peer has sent; throws what it has to be told about it.
    init(reading payload: ByteBuffer) throws(SocketClose) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(nil)
            return
        }
        guard let code = payload.readWebSocketErrorCode(), code.mayBeSent else {
            throw SocketClose(.protocolError, "The close frame has no valid code.")
        }
        guard let reason = payload.validUTF8 else {
            throw SocketClose(.dataInconsistentWithMessage, "The reason in the close frame is not UTF-8.")
        }
        self.init(code, reason)
    }
}

extension SocketClose: Error {}

extension WebSocketErrorCode {
    /// 1013, in IANA's registry: the server is too busy at the moment.
    package static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)

    /// Of those that are left to applications: the status 401 that a request with the same token would get.
    package static let unauthenticated = WebSocketErrorCode(codeNumber: 4401)

    /// Whether the code may stand in a frame: defined or registered for that, or left to libraries and applications.
    fileprivate var mayBeSent: Bool {
        switch UInt16(webSocketErrorCode: self) {
        case 1000...1003, 1007...1014, 3000...4999: true
        case _: false
        }
    }
}

extension ByteBuffer {
    /// The whole buffer as text, nil if it is not UTF-8.
    var validUTF8: String? { String(validating: readableBytesView, as: UTF8.self) }

    var isValidUTF8: Bool { (try? UTF8Span(validating: readableBytesUInt8Span)) != nil }
}
