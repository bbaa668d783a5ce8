// One connection of the load generator. It lives on its event loop and is touched nowhere else.

import NIOCore
import NIOPosix

/// Sends bytes as they are, hands answers to whoever set `receive`.
final class Connection {
    private let channel: any Channel
    fileprivate(set) var isOpen = true
    var receive: (Answer) -> Void = { _ in }
    /// Called once, when the connection ends, by whichever side.
    var ended: (any Error) -> Void = { _ in }

    fileprivate init(_ channel: any Channel) {
        self.channel = channel
    }

    func send(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// Also lets go of whoever received the answers.
    func close() {
        receive = { _ in }
        ended = { _ in }
        channel.close(promise: nil)
    }

    /// IP_BIND_ADDRESS_NO_PORT (ip(7)): the port is chosen when it is known where to; else each bind looks through all of them.
    private static let portAtConnect = ChannelOptions.Types.SocketOption(
        level: .ip, name: NIOBSDSocket.Option(rawValue: 24))

    /// Connects on `loop`, where the result may be used.
    static func open(
        port: Int, source: String? = nil, on loop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<Connection>> {
        channel(port: port, source: source, on: loop).flatMapThrowing { channel in
            let connection = Connection(channel)
            try channel.pipeline.syncOperations.addHandler(AnswerHandler(connection))
            return NIOLoopBound(connection, eventLoop: loop)
        }
    }

    /// - Parameter source: the loopback address to come from: one address has 28,000 ports only.
    static func channel(
        port: Int, source: String? = nil, on loop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        var bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(20))
        if let source, let address = try? SocketAddress(ipAddress: source, port: 0) {
            bootstrap = bootstrap.channelOption(Self.portAtConnect, value: 1).bind(to: address)
        }
        return bootstrap.connect(host: "127.0.0.1", port: port)
    }
}

private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: Connection
    private var reader = AnswerReader()

    init(_ connection: Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        do {
            while let answer = try reader.next() { connection.receive(answer) }
        } catch {
            errorCaught(context: context, error: error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(Wrong("The server closed a connection."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        context.close(promise: nil)
    }

    private func end(_ error: any Error) {
        connection.isOpen = false
        connection.ended(error)
        connection.ended = { _ in }
    }
}
