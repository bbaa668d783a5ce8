import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import Sockets

@Suite("Sockets whose peers do not read")
struct SocketPressureTests {
    /// Counts what the socket asks the channel to read.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private(set) var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    private func setWritable(_ isWritable: Bool, _ socket: EmbeddedSocket) {
        socket.channel.isWritable = isWritable
        socket.channel.pipeline.fireChannelWritabilityChanged()
    }

    @Test("A peer that does not read is not read either, and is once it reads again")
    func reading() throws {
        let socket = try EmbeddedSocket()
        let reads = ReadCounter()
        try socket.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        setWritable(false, socket)
        for _ in 0..<3 { socket.channel.read() }
        #expect(reads.count == 0)
        setWritable(true, socket)
        #expect(reads.count == 1)
        socket.channel.read()
        #expect(reads.count == 2)
        // What is wanted counts too.
        socket.socket.wantsMore = false
        setWritable(false, socket)
        socket.channel.read()
        setWritable(true, socket)
        #expect(reads.count == 2)
        socket.socket.wantsMore = true
        #expect(reads.count == 3)
    }

    @Test("It is offered nothing, sent what is owed to it, and told of once it reads again")
    func writing() throws {
        let socket = try EmbeddedSocket()
        setWritable(false, socket)
        #expect(!socket.socket.offer(SocketFrame(.text, ByteBuffer(string: "a"))))
        socket.socket.send(SocketFrame(.text, ByteBuffer(string: "b")))
        #expect(socket.end.drainings == 0)
        setWritable(true, socket)
        #expect(socket.end.drainings == 1)
        #expect(socket.socket.offer(SocketFrame(.text, ByteBuffer(string: "c"))))
        #expect(try socket.sent() == [.text("b"), .text("c")])
    }
}
