import NIOCore

/// The frames of a WebSocket server (RFC 6455 §5.2), as they come: unmasked, and each message in one.
struct FrameReader {
    enum Frame: Equatable {
        case text(ByteBuffer)
        case ping(ByteBuffer)
        case pong
    }

    private var pending = ByteBuffer()

    /// Bytes of a frame that nobody here sends.
    private static let maximumLength: UInt64 = 16 << 20

    mutating func append(_ bytes: ByteBuffer) {
        pending.add(bytes)
    }

    /// - Throws: ``Wrong`` for a close frame, and for what a server does not send.
    mutating func next() throws -> Frame? {
        var rest = pending
        guard let first: UInt8 = rest.readInteger(), let second: UInt8 = rest.readInteger() else { return nil }
        guard second & 0x80 == 0 else { throw Wrong("A server's frame is masked.") }
        let length: UInt64?
        switch second {
        case 126: length = rest.readInteger(as: UInt16.self).map(UInt64.init)
        case 127: length = rest.readInteger()
        default: length = UInt64(second)
        }
        guard let length else { return nil }
        guard length <= Self.maximumLength else { throw Wrong("A frame has \(length) bytes.") }
        guard let payload = rest.readSlice(length: Int(length)) else { return nil }
        pending = rest
        switch first {
        case 0x81: return .text(payload)
        case 0x88:
            var reason = payload
            let code: UInt16? = reason.readInteger()
            throw Wrong("The server closed a WebSocket: \(code ?? 1_005) \(String(buffer: reason))")
        case 0x89: return .ping(payload)
        case 0x8A: return .pong
        default: throw Wrong("A frame begins with the byte \(first).")
        }
    }

    /// A pong as a client sends it. It has to be masked; by zeros the bytes stay what they are.
    static func pong(_ data: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer(bytes: [0x8A, 0x80 | UInt8(truncatingIfNeeded: data.readableBytes & 0x7F), 0, 0, 0, 0])
        frame.writeImmutableBuffer(data)
        return frame
    }
}
