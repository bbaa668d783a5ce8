import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import Sockets

@Suite("Sockets and time")
struct SocketTimeTests {
    @Test("A silent peer is pinged after 15 to 20 seconds, and its connection closed when no pong comes")
    func pings() throws {
        let socket = try EmbeddedSocket()
        socket.wait(15)
        #expect(try socket.sent() == [])
        socket.wait(7)
        #expect(try socket.sent() == [.ping])
        try socket.receive(ClientFrame.pong().bytes)
        socket.wait(23)
        #expect(try socket.sent() == [.ping])
        socket.wait(13)
        #expect(!socket.channel.isActive)
        #expect(socket.end.closings == 1)
    }

    @Test("Sockets that came together are not pinged together")
    func jitter() throws {
        let silences = try (0..<50).map { _ in
            let socket = try EmbeddedSocket()
            var seconds = 0
            while try socket.sent().isEmpty, seconds < 30 {
                socket.wait(1)
                seconds += 1
            }
            return seconds
        }
        #expect(silences.allSatisfy { (15...22).contains($0) })
        #expect(Set(silences).count > 2)
    }

    @Test("A message that drips is not waited for")
    func drip() throws {
        let socket = try EmbeddedSocket()
        let bytes = ClientFrame.text(String(repeating: "a", count: 100)).bytes
        for byte in bytes.prefix(40) {
            try socket.receive([byte])
            socket.wait(1)
        }
        #expect(try socket.sent() == [.close(1008)])
        socket.wait(5)
        #expect(!socket.channel.isActive)
    }

    @Test("The broadcast frame is one buffer for all, and not copied")
    func sharing() throws {
        let socket = try EmbeddedSocket()
        let frame = SocketFrame(.text, ByteBuffer(string: String(repeating: "a", count: 100)))
        #expect(socket.socket.offer(frame))
        let sent = try #require(try socket.channel.readOutbound(as: ByteBuffer.self))
        let places = [frame.bytes, sent].map { bytes in
            unsafe bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        }
        #expect(places[0] == places[1])
    }
}
