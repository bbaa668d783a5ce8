// The handler in each connection's pipeline that keeps what Hummingbird and NIO leave open: absolute deadlines for header and
// body (an idle time-out starts again with every byte), “100 Continue”, HTTP/1.0, and a last answer that
// reaches a peer which is still sending.
//
//     ConnectionFront ─▶ ByteWatch ─▶ HTTP decoder ─▶ ConnectionGuard ─▶ Hummingbird

import Documents
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Hummingbird's HTTP/1.1 connection with a ``ConnectionGuard`` in it.
struct GuardedHTTP1Channel: Sendable {
    let base: HTTP1Channel
    let limits: HTTPLimits

    /// Called on the channel's event loop, where it does its work before it returns.
    func setup(
        channel: any Channel, behind front: ConnectionFront, logger: Logger
    ) -> EventLoopFuture<HTTP1Channel.Value> {
        let handler = NIOLoopBound(ConnectionGuard(limits: limits, front: front), eventLoop: channel.eventLoop)
        let front = NIOLoopBound(front, eventLoop: channel.eventLoop)
        return base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(handler.value, position: .after(decoder))
            try pipeline.addHandler(ByteWatch(handler.value), position: .after(front.value))
            return value
        }
    }
}

/// Sent down a channel by whoever is about to read a request's body.
struct BodyWanted: Sendable {}

/// What a request's reader gets when the body is not there in time.
struct BodyDeadlinePassed: Error {}

/// Tells the guard that bytes have come, before the decoder makes anything of them.
private final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: ConnectionGuard

    init(_ connection: ConnectionGuard) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived()
        context.fireChannelRead(data)
    }
}

final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPLimits
    private let front: ConnectionFront
    private var progress: ConnectionProgress
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    /// What the peer has not read of the connection's last answer, and when it has had its time for more of it.
    private var untaken = UntakenBytes()
    private var stallEnd = NIODeadline.distantFuture
    private var isOpen = false
    /// Of each request that is not answered, oldest first: whether it is HTTP/1.0, whose clients know no chunks.
    private var isOldClient: [Bool] = []
    /// Of a request that waits: to be kept when the peer is gone.
    private var departure: EventLoopPromise<Void>?
    private var hasDeparted = false
    /// Instead of Hummingbird's empty answer to malformed HTTP.
    private var replacement: ByteBuffer?

    init(limits: HTTPLimits, front: ConnectionFront) {
        self.limits = limits
        self.front = front
        progress = ConnectionProgress(discardedBodyBytes: limits.discardedBodyBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { opened() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        self.context = nil
        peerDeparted()
    }

    func channelActive(context: ChannelHandlerContext) {
        opened()
        context.fireChannelActive()
    }

    private func opened() {
        guard !isOpen else { return }
        isOpen = true
        perform(progress.opened())
    }

    func bytesArrived() { perform(progress.bytesArrived()) }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard progress.isReading else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            let isOld = head.version == .http1_0
            isOldClient.append(isOld)
            let expects = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
            let mayGoOn = front.requestBegan()
            perform(
                progress.headArrived(
                    keepAlive: head.isKeepAlive && mayGoOn, length: Self.bodyLength(head),
                    awaitsContinue: expects && !isOld))
        case .body: break
        case .end: perform(progress.endArrived())
        }
        context.fireChannelRead(data)
        tellIfIdle()
    }

    private func tellIfIdle() {
        if progress.isIdle { front.pipelineBecameIdle() }
    }

    private static func bodyLength(_ head: HTTPRequestHead) -> ConnectionProgress.BodyLength {
        if head.headers.contains(name: "transfer-encoding") { return .unknown }
        return switch head.headers.first(name: "content-length").map({ Int($0) }) {
        case nil, 0: .none
        case let bytes??: .known(bytes)
        case .some(nil): .unknown
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { progress.malformed() }
        if let error = error as? HTTPParserError { replacement = Self.answer(to: error) }
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { peerDeparted() }
        context.fireUserInboundEventTriggered(event)
    }

    private func peerDeparted() {
        hasDeparted = true
        departure?.succeed()
        departure = nil
    }

    // MARK: Answers

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case is BodyWanted:
            if progress.bodyWanted() {
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        case let wanted as DepartureWanted:
            departure?.succeed()
            departure = wanted.promise
            front.routeWaits = true
            if hasDeparted { peerDeparted() }
        default: return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            front.routeWaits = false
            let isOld = isOldClient.first ?? false
            if progress.answerBegins(isEnding: front.isEnding) {
                head.headers.replaceOrAdd(name: "connection", value: "close")
            } else if isOld {
                head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
            }
            // Without a length an HTTP/1.0 client reads to the end of the connection.
            if isOld, !head.headers.contains(name: "content-length") { head.version = .http1_0 }
            let body = Self.isEmptyRefusal(head) ? replacement : nil
            if let body { Self.describeProblem(body, in: &head) }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        case .body: context.write(data, promise: promise)
        case .end:
            if !isOldClient.isEmpty { isOldClient.removeFirst() }
            let action = progress.answerEnds()
            guard action == .finish else {
                context.write(data, promise: promise)
                return tellIfIdle()
            }
            context.writeAndFlush(data, promise: promise)
            perform(action)
        }
    }

    // MARK: Actions

    private func perform(_ action: ConnectionProgress.Action) {
        guard let context else { return }
        switch action {
        case .nothing: break
        case .start(let kind):
            deadline?.cancel()
            let time =
                switch kind {
                case .head: limits.headDeadline
                case .body: limits.bodyDeadline
                case .linger: limits.linger
                }
            deadline = schedule(time) { [weak self] context in
                guard let self else { return }
                // A last answer may be long, and is let read as any other.
                let goesOn = kind == .linger && isStillReading(context)
                perform(goesOn ? .start(.linger) : progress.passed(kind))
            }
        case .cancelDeadline:
            deadline?.cancel()
            deadline = nil
        case .failRequest:
            context.fireErrorCaught(BodyDeadlinePassed())
            // Whoever should answer now may not have been reading.
            perform(.start(.linger))
        case .finish:
            context.close(mode: .output, promise: nil)
            perform(.start(.linger))
        case .close: context.close(promise: nil)
        }
    }

    /// Whether the peer is reading what was written to it.
    private func isStillReading(_ context: ChannelHandlerContext) -> Bool {
        let bytes = context.channel.untakenBytes
        if untaken.shrinks(to: bytes) || stallEnd == .distantFuture {
            stallEnd = .now() + TimeAmount(limits.writeStall)
        }
        return bytes > 0 && stallEnd > .now()
    }

    private func schedule(
        _ delay: Duration, _ body: @escaping (ChannelHandlerContext) -> Void
    ) -> Scheduled<Void>? {
        context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in
            if let context = self?.context { body(context) }
        }
    }
}

// MARK: - Malformed HTTP

extension ConnectionGuard {
    private static func answer(to error: HTTPParserError) -> ByteBuffer {
        let problem =
            error == .headerOverflow
            ? Problem(.headerTooLarge, "The request line or header fields are larger than this server takes.")
            : Problem(.malformedRequest, "The request does not follow HTTP/1.1: \(error).")
        return ByteBuffer(bytes: problem.document.encoded())
    }

    /// What Hummingbird answers to malformed HTTP. Our own answers of this status always have a body.
    private static func isEmptyRefusal(_ head: HTTPResponseHead) -> Bool {
        head.status == .badRequest && head.headers.first(name: "content-length") == "0"
    }

    private static func describeProblem(_ body: ByteBuffer, in head: inout HTTPResponseHead) {
        head.headers.replaceOrAdd(name: "content-type", value: ContentType.problem.description)
        head.headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
    }
}
