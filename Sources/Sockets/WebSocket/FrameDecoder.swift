// swift-nio's frame decoder, watched: it keeps the bytes of a frame until the last has come, and somebody has to bound that over all
// connections.

import NIOCore
import NIOWebSocket

final class FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = WebSocketFrame

    private let decoder: WebSocketFrameDecoder
    private let handler: SocketHandler

    init(for handler: SocketHandler, limits: SocketLimits) {
        self.handler = handler
        decoder = WebSocketFrameDecoder(maxFrameSize: limits.messageBytes)
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        if handler.isListening {
            do {
                let state = try decoder.decode(context: context, buffer: &buffer)
                if state == .needMoreData { handler.holds(buffer.readableBytes) }
                return state
            } catch let error as NIOWebSocketError {
                handler.malformed(error)
            }
        }
        // Nobody listens any more.
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return .needMoreData
    }

    /// Half a frame at the end of the connection is nothing.
    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return .needMoreData
    }
}
