import NIOCore
import NIOPosix

/// A connection to a server whose answers are lines, on its loop; one question at a time.
final class LineConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var channel: (any Channel)?
    private var pending = ByteBuffer()
    private var wanted = 0
    private var answer: ([String]) -> Void = { _ in }
    var ended: (any Error) -> Void = { _ in }

    static func open(socket: String, on loop: any EventLoop) -> EventLoopFuture<NIOLoopBound<LineConnection>> {
        ClientBootstrap(group: loop).connect(unixDomainSocketPath: socket).flatMapThrowing { channel in
            let connection = LineConnection()
            connection.channel = channel
            try channel.pipeline.syncOperations.addHandler(connection)
            return NIOLoopBound(connection, eventLoop: loop)
        }
    }

    func ask(_ question: ByteBuffer, lines: Int, _ answer: @escaping ([String]) -> Void) {
        wanted = lines
        self.answer = answer
        channel?.writeAndFlush(question, promise: nil)
    }

    func close() {
        ended = { _ in }
        channel?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending.writeImmutableBuffer(unwrapInboundIn(data))
        guard pending.readableBytesView.count(where: { $0 == UInt8(ascii: "\n") }) >= wanted else { return }
        let lines = String(buffer: pending).split(separator: "\r\n").map(String.init)
        pending.clear()
        answer(lines)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(Wrong("The server closed a connection."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended(error)
        context.close(promise: nil)
    }
}
