// Fronts by themselves, without sockets and without a server.

import HTTPService
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOEmbedded

@testable import HTTPService

extension LoopServices {
    convenience init(_ lanes: [any ExpressLaneProvider], on eventLoop: any EventLoop) {
        let limits = HTTPLimits()
        let http = GuardedHTTP1Channel(base: HTTP1Channel(responder: { _, _, _ in }), limits: limits)
        let built = AsyncStream.makeStream(of: HTTP1Channel.Value.self).continuation
        self.init(
            eventLoop, number: 0, lanes: lanes, leavesAtFirst: false, crossOrigin: nil, limits: limits,
            permission: EverybodyMay(),
            bodies: BodyBudget(bytes: 1 << 20),
            date: DateClock(), metrics: NOOPMetricsHandler.instance,
            httpPipeline: HTTPPipeline(channel: http, logger: Logger(label: "test"), built: built))
    }
}

extension EmbeddedChannel {
    /// A connection with a front.
    static func bare(_ loop: LoopServices, _ eventLoop: EmbeddedEventLoop) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: eventLoop)
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(loop))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        return channel
    }

    /// All that was written.
    func answers() throws -> String {
        var text = ""
        while let bytes = try readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }
}

extension String {
    func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
