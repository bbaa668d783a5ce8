// Frames on their way out. A server's frames are not masked, so one encoding serves any number of clients; swift-nio's encoder makes
// frames only while it writes them to one channel.

package import NIOCore
package import NIOWebSocket

/// One whole frame in the bytes of the wire.
package struct SocketFrame: Sendable, Equatable {
    package let bytes: ByteBuffer

    /// - Parameter parts: of the payload, which is not fragmented.
    package init(_ opcode: WebSocketOpcode, _ parts: ByteBuffer...) {
        let count = parts.reduce(0) { $0 + $1.readableBytes }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(Self.largestHead + count)
        bytes.writeInteger(Self.isFinal | UInt8(webSocketOpcode: opcode))
        switch count {
        case ...125: bytes.writeInteger(UInt8(count))
        case ...Int(UInt16.max):
            bytes.writeInteger(Self.twoMore)
            bytes.writeInteger(UInt16(count))
        case _:
            bytes.writeInteger(Self.eightMore)
            bytes.writeInteger(UInt64(count))
        }
        for part in parts { bytes.writeImmutableBuffer(part) }
        self.bytes = bytes
    }

    package init(_ close: SocketClose) { self.init(.connectionClose, close.payload) }

    /// RFC 6455 §5.2: the last and only fragment; lengths in the two or eight bytes that follow.
    private static let isFinal: UInt8 = 0x80
    private static let twoMore: UInt8 = 126
    private static let eightMore: UInt8 = 127
    private static let largestHead = 10
}
