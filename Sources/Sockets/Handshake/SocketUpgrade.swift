// The handshake: swift-nio's HTTP pipeline with its upgrade handler stands in the channel until the answer has gone.
//
//     front ─▶ HTTP decoder, encoder, upgrade handler ─▶ HandshakeAnswer         before
//     front ─▶ frame decoder ─▶ SocketHandler                                     after
//
// Bytes that came right behind the request are kept by the upgrade handler and reach the frame decoder first.

package import HTTPService
package import NIOCore
import NIOHTTP1
import NIOWebSocket

extension SocketLoop {
    /// Begins a handshake in a channel whose next bytes are a request.
    ///
    /// - Parameters:
    ///   - position: Behind handlers that pass on what comes.
    ///   - makeEnd: Makes what the socket leads to.
    package func begin(
        in channel: any Channel, at position: ChannelPipeline.SynchronousOperations.Position = .last, gate: SocketGate,
        head limits: HTTPLimits, makeEnd: @escaping (SocketGrant) -> any SocketEnd
    ) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerFieldBytes
        decoderLimits.maxHeaderListSize = limits.headerBytes
        decoderLimits.maxHeaderFieldCount = limits.headerFields
        let answer = HandshakeAnswer(self.limits)
        let upgrader = SocketUpgrader(loop: self, gate: gate, answer: answer, makeEnd: makeEnd)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            position: position, withPipeliningAssistance: false, withServerUpgrade: ([upgrader], { _ in }),
            withErrorHandling: false,
            withOutboundHeaderValidation: true, withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
            withDecoderLimitConfiguration: decoderLimits)
        let upgrade = try pipeline.handler(type: HTTPServerUpgradeHandler.self)
        try pipeline.addHandler(answer, position: .after(upgrade))
    }
}

/// swift-nio's upgrader makes the answer; what it would put into the channel is a handler too many for thousands of sockets.
private final class SocketUpgrader: HTTPServerProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []

    private let loop: SocketLoop
    private let gate: SocketGate
    private let answer: HandshakeAnswer
    private let makeEnd: (SocketGrant) -> any SocketEnd
    private var grant: SocketGrant?

    init(
        loop: SocketLoop, gate: SocketGate, answer: HandshakeAnswer, makeEnd: @escaping (SocketGrant) -> any SocketEnd
    ) {
        self.loop = loop
        self.gate = gate
        self.answer = answer
        self.makeEnd = makeEnd
    }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let grant: SocketGrant
        do { grant = try gate.grant(upgradeRequest, from: channel.remoteAddress) } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        self.grant = grant
        var fields = HTTPHeaders()
        if grant.request.offersSubprotocol {
            fields.add(name: "Sec-WebSocket-Protocol", value: SocketRequest.subprotocol)
        }
        return Self.acceptance(with: fields).buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest, initialResponseHeaders: initialResponseHeaders)
    }

    private static func acceptance(with fields: HTTPHeaders) -> NIOWebSocketServerUpgrader {
        NIOWebSocketServerUpgrader { channel, _ in
            channel.eventLoop.makeSucceededFuture(fields)
        } upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeSucceededVoidFuture()
        }
    }

    func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let pipeline = context.pipeline.syncOperations
        return pipeline.removeHandler(answer).assumeIsolated().flatMapThrowing { [self] in
            guard let grant else { throw ChannelError.inappropriateOperationForState }
            let socket = SocketHandler(loop, makeEnd(grant))
            // Behind the handlers of the handshake, which go when this is done; ahead of what an earlier request may have left.
            let decoder = ByteToMessageHandler(FrameDecoder(for: socket, limits: loop.limits))
            try pipeline.addHandler(decoder, position: .after(context.handler))
            try pipeline.addHandler(socket, position: .after(decoder))
        }.nonisolated()
    }
}
