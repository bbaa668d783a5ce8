// Says why there is no socket, and ends the connection. It stands behind the upgrade handler, which passes on what it does not upgrade.

import Documents
import HTTPService
import HTTPTypes
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOHTTPTypesHTTP1

final class HandshakeAnswer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: SocketLimits
    private var problem = Problem.upgradeRequired("The request does not ask for “Upgrade: websocket”.")
    private var deadline: Scheduled<Void>?
    private var hasAnswered = false

    init(_ limits: SocketLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) { close(context, after: limits.handshakeDeadline) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    private func close(_ context: ChannelHandlerContext, after delay: Duration) {
        let channel = context.channel
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: TimeAmount(delay)) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: refuse(context)
        case .body, .end: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // The request itself comes next.
        case let refusal as Problem: problem = refusal
        case let error as HTTPParserError:
            problem = Problem(.malformedRequest, "The request does not follow HTTP/1.1: \(error).")
            refuse(context)
        default: context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        guard !hasAnswered else { return }
        hasAnswered = true
        let body = ByteBuffer(bytes: problem.document.encoded())
        var head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: problem.kind.status.code),
            headers: HTTPHeaders(problem.answerFields))
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // What the peer still sends is read, so that it gets to read the answer.
        context.close(mode: .output, promise: nil)
        close(context, after: limits.linger)
    }
}
