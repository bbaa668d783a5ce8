// Handing a connection over to a protocol that is not HTTP, such as a WebSocket's.

package import NIOCore

package protocol ConnectionTaker: AnyObject {
    /// Puts handlers into a channel's pipeline, behind the front, before it returns. They get everything from here on: the bytes of the
    /// request that led here, what the peer sent behind it, `ChannelEvent.inputClosed` when it has finished sending, and
    /// `ChannelShouldQuiesceEvent` when the server stops, upon which they close the connection. Deadlines are theirs too.
    ///
    /// - Throws: if that cannot be. Then the connection is closed.
    func install(in channel: any Channel, after front: any ChannelHandler) throws
}

/// Stands behind a lane's handlers where an earlier request has left an HTTP pipeline: what comes now is not for it. That the
/// connection has closed it has to hear.
final class EndOfTaken: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
    func channelReadComplete(context: ChannelHandlerContext) {}
    func channelWritabilityChanged(context: ChannelHandlerContext) {}
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {}
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
