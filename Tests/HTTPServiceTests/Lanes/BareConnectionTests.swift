import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPService

/// A front by itself, without sockets: what it builds, and what it recognises again.
@Suite("A connection that only polls") struct BareConnectionTests {
    private let stub = StubLanes()

    private func services(on eventLoop: any EventLoop) -> LoopServices {
        let limits = HTTPLimits()
        let http = GuardedHTTP1Channel(base: HTTP1Channel(responder: { _, _, _ in }), limits: limits)
        let built = AsyncStream.makeStream(of: HTTP1Channel.Value.self).continuation
        return LoopServices(
            eventLoop, lanes: [stub], crossOrigin: nil, limits: limits, bodies: BodyBudget(bytes: 1 << 20),
            date: DateClock(), metrics: NOOPMetricsHandler.instance,
            httpPipeline: HTTPPipeline(channel: http, logger: Logger(label: "test"), built: built))
    }

    private func answers(of channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    @Test("It has no HTTP decoder")
    func noDecoder() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(services(on: channel.eventLoop)))
        for _ in 0..<3 {
            try channel.writeInbound(ByteBuffer(string: poll("now")))
            #expect(try answers(of: channel).hasSuffix("lane now"))
        }
        #expect(throws: (any Error).self) {
            try channel.pipeline.syncOperations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        }
        _ = try channel.finish()
    }

    @Test("A request that begins like the one before is not taken for it")
    func similar() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(services(on: channel.eventLoop)))
        for name in ["now", "now", "now1", "now", "now12", "now2"] {
            try channel.writeInbound(ByteBuffer(string: poll(name)))
            #expect(try answers(of: channel).hasSuffix("lane \(name)"))
        }
        // In pieces: what has come so far is the beginning of the one before.
        let again = poll("now2")
        try channel.writeInbound(ByteBuffer(string: String(again.dropLast(9))))
        #expect(try answers(of: channel).isEmpty)
        try channel.writeInbound(ByteBuffer(string: String(again.suffix(9)) + again))
        #expect(try answers(of: channel).components(of: "lane now2") == 2)
        _ = try channel.finish()
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
