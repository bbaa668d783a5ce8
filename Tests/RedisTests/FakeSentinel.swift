import NIOCore
import NIOPosix
import Synchronization

/// Answers whatever it is asked with what a sentinel would say of the primary, true or not.
final class FakeSentinel: Sendable {
    private final class Answer: Sendable {
        let named: Mutex<(port: Int, configEpoch: Int)>

        init(_ port: Int, _ configEpoch: Int) { named = Mutex((port, configEpoch)) }

        var reply: ByteBuffer {
            let (port, configEpoch) = named.withLock { $0 }
            let fields = ["ip", "127.0.0.1", "port", "\(port)", "config-epoch", "\(configEpoch)"]
            return ByteBuffer(
                string: "*\(fields.count)\r\n" + fields.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        }
    }

    private let answer: Answer
    private let channel: any Channel

    init(naming port: Int, configEpoch: Int = 0) async throws {
        let answer = Answer(port, configEpoch)
        self.answer = answer
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var endpoint: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    func name(_ port: Int, configEpoch: Int) { answer.named.withLock { $0 = (port, configEpoch) } }

    func stop() { channel.close(promise: nil) }

    /// A probe asks one thing at a time, in one write.
    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: Answer

        init(_ answer: Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(answer.reply), promise: nil)
        }
    }
}
