import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPService

/// A front by itself, without sockets: what it builds, and what it recognises again.
@Suite("A connection that only polls") struct BareConnectionTests {
    private let stub = StubLanes()

    @Test("It has no HTTP decoder")
    func noDecoder() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(LoopServices([stub], on: channel.eventLoop)))
        for _ in 0..<3 {
            try channel.writeInbound(ByteBuffer(string: poll("now")))
            #expect(try channel.answers().hasSuffix("lane now"))
        }
        #expect(throws: (any Error).self) {
            try channel.pipeline.syncOperations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        }
        _ = try channel.finish()
    }

    @Test("A request that begins like the one before is not taken for it")
    func similar() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(LoopServices([stub], on: channel.eventLoop)))
        for name in ["now", "now", "now1", "now", "now12", "now2"] {
            try channel.writeInbound(ByteBuffer(string: poll(name)))
            #expect(try channel.answers().hasSuffix("lane \(name)"))
        }
        // In pieces: what has come so far is the beginning of the one before.
        let again = poll("now2")
        try channel.writeInbound(ByteBuffer(string: String(again.dropLast(9))))
        #expect(try channel.answers().isEmpty)
        try channel.writeInbound(ByteBuffer(string: String(again.suffix(9)) + again))
        #expect(try channel.answers().components(of: "lane now2") == 2)
        _ = try channel.finish()
    }
}
