import Logging
import NIOCore

/// The channel handler of a command connection: writes commands, gives replies to whoever waits for them.
///
/// Commands that are sent within one turn of the event loop leave in one write. hiredis swallows all the bytes it is
/// fed, so replies are taken from it until there are none; NIO's own decoders would stop at the empty buffer.
final class CommandHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who waits for a reply. Not sendable: a callback belongs to the event loop.
    enum Waiter {
        case promise(EventLoopPromise<RESPValue>)
        case continuation(CheckedContinuation<Result<RESPValue, RedisError>, Never>)
        case callback((Result<RESPValue, RedisError>) -> Void)

        func complete(_ result: Result<RESPValue, RedisError>) {
            switch self {
            case .promise(let promise): promise.completeWith(result.mapError { $0 })
            case .continuation(let continuation): continuation.resume(returning: result)
            case .callback(let receive): receive(result)
            }
        }
    }

    private let address: RedisAddress
    private let gate: CommandGate
    private let metrics: RedisMetrics
    private let logger: Logger
    private var queue: CommandQueue<Waiter>
    private var reader = ReplyReader()
    private var outbound = ByteBuffer()
    private var flushIsScheduled = false
    private var reportedInFlight = 0
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var closeReason: String?

    init(configuration: RedisConfiguration, gate: CommandGate, metrics: RedisMetrics, logger: Logger) {
        address = configuration.address
        self.gate = gate
        queue = CommandQueue(limits: configuration.inFlight, timeout: TimeAmount(configuration.commandTimeout))
        self.metrics = metrics
        self.logger = logger
    }

    // MARK: Commands

    func send(_ command: RedisCommand, waiter: Waiter) {
        guard let context, closeReason == nil else { return fail(waiter, .connectionClosing(address)) }
        switch queue.admit(waiter, size: command.size, now: context.eventLoop.now) {
        case .send(let timerStart):
            command.write(into: &outbound)
            if let timerStart { startTimer(at: timerStart, context: context) }
            scheduleFlush(context: context)
        case .refuseClosing(let waiter): fail(waiter, .connectionClosing(address))
        case .refuseFull(let waiter, let limit): fail(waiter, .tooManyInFlight(address, limit: limit))
        }
    }

    /// Takes no further commands and closes the channel as soon as all replies are in.
    func drain() {
        guard let context else { return }
        gate.shut()
        flush()
        if queue.drain() { context.close(promise: nil) }
    }

    private func fail(_ waiter: Waiter, _ error: RedisError) {
        metrics.countError()
        waiter.complete(.failure(error))
    }

    private func scheduleFlush(context: ChannelHandlerContext) {
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        context.eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        flushIsScheduled = false
        reportInFlight()
        guard let context, outbound.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outbound), promise: nil)
        outbound = ByteBuffer()
    }

    private func reportInFlight() {
        metrics.changeInFlight(by: queue.count - reportedInFlight)
        reportedInFlight = queue.count
    }

    private func startTimer(at deadline: NIODeadline, context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    }

    private func timerFired() {
        guard let context else { return }
        switch queue.timerFired(now: context.eventLoop.now) {
        case .stop: break
        case .again(let deadline): startTimer(at: deadline, context: context)
        case .expired: close("no reply came in time", context: context)
        }
    }

    // MARK: Replies

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // After a protocol violation the reader is broken; what still comes is dropped.
        guard closeReason == nil else { return }
        do throws(ProtocolViolation) {
            try reader.feed(unwrapInboundIn(data))
            while let reply = try reader.next() {
                deliver(reply, context: context)
                guard closeReason == nil else { return }
            }
        } catch {
            close("what came is not Redis' protocol (\(error.reason))", context: context)
        }
    }

    private func deliver(_ reply: RESPValue, context: ChannelHandlerContext) {
        switch queue.replyArrived() {
        case .deliver(let waiter, let sent, let thenClose):
            metrics.recordCommand(latency: context.eventLoop.now - sent)
            complete(waiter, with: reply)
            if thenClose { context.close(promise: nil) }
        case .unexpected:
            close("a reply came that nobody asked for", context: context)
        }
    }

    private func complete(_ waiter: Waiter, with reply: RESPValue) {
        guard case .error(let error) = reply else { return waiter.complete(.success(reply)) }
        switch error.code {
        case "READONLY", "LOADING", "MASTERDOWN":
            logger.info("Redis must not be used now; giving up the connection", metadata: ["reply": "\(error.code)"])
            drain()
            fail(waiter, .notPrimary(address, reason: error.message))
        case "NOAUTH", "WRONGPASS":
            fail(waiter, .authenticationFailed(address, reason: error.message))
        default:
            fail(waiter, .refused(error, address))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What the replies made their receivers send goes out now rather than a turn later.
        flush()
        context.fireChannelReadComplete()
    }

    // MARK: The end

    /// Closes the channel for a reason that the waiting commands are told.
    private func close(_ reason: String, context: ChannelHandlerContext) {
        guard closeReason == nil else { return }
        closeReason = reason
        gate.shut()
        logger.info("Closing a connection to Redis", metadata: ["reason": "\(reason)"])
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close("\(error)", context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        failAll()
        context.fireChannelInactive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        failAll()
    }

    private func failAll() {
        gate.shut()
        timer?.cancel()
        timer = nil
        let reason = closeReason ?? "the connection was lost"
        for waiter in queue.close() { fail(waiter, .outcomeUnknown(address, reason: reason)) }
        reportInFlight()
    }
}
