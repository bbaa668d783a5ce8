// A socket whose bytes and clock are the test's.

import HTTPService
import NIOCore
import NIOEmbedded

@testable import Sockets

final class EmbeddedSocket {
    final class End: SocketEnd {
        private(set) var messages: [SocketMessage] = []
        private(set) var drainings = 0
        private(set) var closings = 0

        func opened(_ socket: SocketHandler) {}
        func received(_ message: SocketMessage) { messages.append(message) }
        func drained() { drainings += 1 }
        func closed() { closings += 1 }
    }

    let channel: EmbeddedChannel
    let end = End()
    let socket: SocketHandler

    init(_ limits: SocketLimits = SocketLimits(), incomplete: BodyBudget = BodyBudget(bytes: 1 << 30)) throws {
        channel = EmbeddedChannel()
        let loop = SocketLoop(on: channel.eventLoop, limits: limits, incomplete: incomplete)
        socket = SocketHandler(loop, end)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ByteToMessageHandler(FrameDecoder(for: socket, limits: limits)))
        try pipeline.addHandler(socket)
    }

    func receive(_ bytes: some Sequence<UInt8>) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    /// What has been sent since the last call.
    func sent() throws -> [ServerFrame] {
        var bytes: [UInt8] = []
        while let part = try channel.readOutbound(as: ByteBuffer.self) { bytes += part.readableBytesView }
        var frames: [ServerFrame] = []
        while let frame = ServerFrame(takingFrom: &bytes) { frames.append(frame) }
        return frames
    }

    /// Lets time pass, with everything that is to happen in it.
    func wait(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }
}
