// The first handler of every connection. It takes whole requests from the bytes that come and gives each to an express lane or to
// the HTTP pipeline behind it, one at a time, so that answers keep the order of their requests.
//
//               ┌────────── answered ──────────┐
//               ▼                              │
//     bytes ─▶ lanes ──request for a route──▶ passing ──▶ HTTP pipeline
//               │ ▲                            │
//         push  │ │ reply                      │ peer has finished sending, request that only
//               ▼ │                            ▼ the decoder may judge
//             waiting ──────────────────────▶ left: every byte goes to the HTTP pipeline
//
// The pipeline is built when the first request needs it: a connection that only polls never has one. What the peer sends while its
// last request is not answered is held, up to a bound; then no more is read.

import NIOCore
import NIOExtras

final class ConnectionFront: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Mode {
        /// Whole requests are looked at as they come.
        case lanes
        /// A lane has taken a request and will reply.
        case waiting(LaneSlot, since: NIODeadline)
        /// The HTTP pipeline has a request of which so many bytes are still to come.
        case passing(missing: Int)
        /// The HTTP pipeline has everything from here on.
        case left
        /// Nothing that comes is of interest any more: the connection closes when what was written has gone.
        case closing
    }

    private let loop: LoopServices
    private var mode = Mode.lanes
    private var context: ChannelHandlerContext?
    /// What has come and belongs to nobody yet.
    private var held = ByteBuffer()
    /// Bytes that have to be there before it is worth looking again.
    private var awaited = 0
    /// The last request that a lane has taken.
    private var repeated: RepeatedRequest?
    /// Of the memory for bodies, taken for what is held of an incomplete request.
    private var reserved = 0
    private var isWorking = false
    /// As the channel last said; asking it costs more than much of a poll.
    private var isWritable = true
    /// Whether something was answered since the last tick.
    private var wasActive = false
    private var isReadHeld = false
    private var hasPipeline = false
    /// The peer has finished sending.
    private var isInputClosed = false
    /// The server is stopping: the present request is the last.
    private var isLast = false
    /// Something was given to the pipeline that it has not been told to be all for now.
    private var owesReadComplete = false
    /// For the reply that is under way.
    private var originFields: [UInt8] = []

    /// When something has to have happened; looked at by the event loop's ticks.
    private var deadline = NIODeadline.distantFuture
    /// In the event loop's list of connections.
    var place = 0

    /// Bytes that are held while an answer is under way. More stays in the kernel, whose buffers the peer fills next.
    private static let mostHeld = 64 * 1024
    /// Bytes of a body that a lane takes. Larger ones are rare, and the route collects them within its own bounds.
    private static let largestBody = 16 * 1024
    /// How long a lane waits for the rest of a body before the route does, which knows what to say of it.
    private static let bodyPatience = TimeAmount.seconds(1)

    init(_ loop: LoopServices) {
        self.loop = loop
        if loop.slots.isEmpty { mode = .left }
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.opened(self)
        switch mode {
        case .left: build(context)
        case .lanes, .waiting, .passing, .closing: deadline = .now() + TimeAmount(loop.limits.headDeadline)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held = ByteBuffer()
        free()
        loop.closed(self)
    }

    /// Told about once a second.
    func tick(_ now: NIODeadline) {
        if wasActive {
            wasActive = false
            if case .lanes = mode, deadline == .distantFuture { deadline = now + TimeAmount(loop.limits.keepAlive) }
        }
        if deadline <= now { deadlinePassed() }
    }

    private func deadlinePassed() {
        guard let context else { return }
        deadline = .distantFuture
        switch mode {
        case .lanes where reserved > 0 && isWritable: leave(context)
        case .lanes, .passing, .left, .closing: context.close(promise: nil)
        case .waiting: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        // With a pipeline behind, its guard looks after peers that do not read.
        if !hasPipeline, !isClosing {
            deadline = .now() + TimeAmount(isWritable ? loop.limits.headDeadline : loop.limits.writeStall)
        }
        context.fireChannelWritabilityChanged()
        if isWritable { goOn() }
    }

    private var isClosing: Bool {
        if case .closing = mode { true } else { false }
    }

    private var idleDeadline: NIODeadline { .now() + TimeAmount(loop.limits.keepAlive) }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch mode {
        case .left:
            deadline = .distantFuture
            owesReadComplete = true
            return context.fireChannelRead(data)
        case .closing: return
        case .lanes, .waiting, .passing: break
        }
        var bytes = unwrapInboundIn(data)
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeBuffer(&bytes)
        }
        work(context)
    }

    func read(context: ChannelHandlerContext) {
        if mayRead {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    private var mayRead: Bool {
        switch mode {
        case .left, .closing: true
        case .lanes: isWritable || held.readableBytes < Self.mostHeld
        case .waiting, .passing: held.readableBytes < Self.mostHeld
        }
    }

    private func readIfHeld(_ context: ChannelHandlerContext) {
        guard isReadHeld, mayRead else { return }
        isReadHeld = false
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What nothing was given to need not hear of it, and a pipeline that is there is many handlers long.
        guard owesReadComplete else { return }
        owesReadComplete = false
        context.fireChannelReadComplete()
    }

    /// Takes the work up again that waited for something else than bytes.
    private func goOn() {
        guard let context else { return }
        work(context)
        if owesReadComplete { channelReadComplete(context: context) }
        readIfHeld(context)
    }

    /// Gives what is held to whom it belongs, as far as that is possible now.
    private func work(_ context: ChannelHandlerContext) {
        // Writing may tell us in the midst of it that more can be written.
        guard !isWorking else { return }
        isWorking = true
        loop.answers.begin(context)
        while step(context) {}
        loop.answers.finish()
        isWorking = false
        if held.readableBytes == 0, held.capacity > 0 { held = ByteBuffer() }
        settle(context)
    }

    /// - Returns: whether there may be another step.
    private func step(_ context: ChannelHandlerContext) -> Bool {
        guard held.readableBytes > 0 else { return false }
        switch mode {
        case .left, .closing: return false
        case .passing(let missing):
            guard missing > 0, let part = held.readSlice(length: min(missing, held.readableBytes)) else { return false }
            mode = .passing(missing: missing - part.readableBytes)
            owesReadComplete = true
            context.fireChannelRead(wrapInboundOut(part))
            return true
        case .waiting: return false
        case .lanes:
            guard held.readableBytes >= awaited, isWritable, !isLast else { return false }
            return lookAtRequest(context)
        }
    }

    private func lookAtRequest(_ context: ChannelHandlerContext) -> Bool {
        if let repeated, repeated.begins(held) { return take(repeated.request, by: repeated.slot, context) }
        switch RequestScan(held.readableBytesUInt8Span, limits: loop.scanLimits) {
        case .incomplete:
            if awaited == 0 { deadline = .now() + TimeAmount(loop.limits.headDeadline) }
            awaited = held.readableBytes + 1
            return false
        case .unusual: leave(context)
        case .request(let request): return give(request, context)
        }
        return true
    }

    private func give(_ request: ScannedRequest, _ context: ChannelHandlerContext) -> Bool {
        guard request.bodyBytes <= Self.largestBody, let slot = slot(for: request) else {
            pass(request, context)
            return true
        }
        guard held.readableBytes >= request.bytes else {
            guard hold(request) else {
                pass(request, context)
                return true
            }
            return false
        }
        if request.bodyBytes == 0 { repeated = RepeatedRequest(request, slot, in: held) }
        return take(request, by: slot, context)
    }

    private func take(_ request: ScannedRequest, by slot: LaneSlot, _ context: ChannelHandlerContext) -> Bool {
        awaited = 0
        free()
        loop.answers.slot = slot
        loop.answers.originFields = loop.crossOrigin?.fields(for: request.origin, in: held.readableBytesUInt8Span) ?? []
        let verdict = slot.lane.answer(request, held.readableBytesUInt8Span, into: loop.answers) {
            LaneReply(front: self)
        }
        switch verdict {
        case .answered:
            held.moveReaderIndex(forwardBy: request.bytes)
            loop.answers.flushIfLarge()
        case .later:
            held.moveReaderIndex(forwardBy: request.bytes)
            originFields = loop.answers.originFields
            mode = .waiting(slot, since: .now())
        case .leaves: pass(request, context)
        }
        return true
    }

    private func slot(for request: ScannedRequest) -> LaneSlot? {
        for slot in loop.slots where slot.lane.wants(request, held.readableBytesUInt8Span) { return slot }
        return nil
    }

    /// Waits for the rest of a body.
    private func hold(_ request: ScannedRequest) -> Bool {
        if reserved == 0 {
            guard loop.bodies.take(request.bytes) else { return false }
            reserved = request.bytes
        }
        awaited = request.bytes
        deadline = .now() + Self.bodyPatience
        return true
    }

    private func free() {
        guard reserved > 0 else { return }
        loop.bodies.giveBack(reserved)
        reserved = 0
    }

    /// What follows from how far things have come: what ends here, and by when the peer has to do something.
    private func settle(_ context: ChannelHandlerContext) {
        switch mode {
        case .lanes:
            guard !isLast else { return closeWhenWritten(context) }
            if isInputClosed, isWritable {
                guard held.readableBytes > 0 else { return closeWhenWritten(context) }
                // Half a request, and then nothing more: the decoder knows what that is.
                return leave(context)
            }
            if isWritable {
                // The next tick sets the deadline: a look at the clock for every poll would cost more.
                if held.readableBytes == 0 {
                    wasActive = true
                    deadline = .distantFuture
                }
            } else if !hasPipeline, deadline == .distantFuture {
                deadline = .now() + TimeAmount(loop.limits.writeStall)
            }
        case .waiting: deadline = .distantFuture
        case .passing(let missing):
            // The rest will not come; the pipeline has to be told.
            if isInputClosed, missing > 0 { leave(context) }
        case .left, .closing: break
        }
    }

    // MARK: Replies

    func replied(_ write: (AnswerBuffer) -> Void) {
        guard let context else { return }
        guard case .waiting(let slot, let since) = mode else {
            return assertionFailure("A lane replied before it had returned, or twice")
        }
        mode = .lanes
        slot.record(nanoseconds: (NIODeadline.now() - since).nanoseconds)
        let wasWorking = isWorking
        isWorking = true
        loop.answers.begin(context)
        loop.answers.slot = slot
        loop.answers.originFields = originFields
        write(loop.answers)
        loop.answers.finish()
        isWorking = wasWorking
        goOn()
    }

    // MARK: The HTTP pipeline

    /// Lets the pipeline have one request.
    private func pass(_ request: ScannedRequest, _ context: ChannelHandlerContext) {
        free()
        awaited = 0
        deadline = .distantFuture
        mode = .passing(missing: request.bytes)
        build(context)
    }

    /// Lets the pipeline have everything from here on.
    private func leave(_ context: ChannelHandlerContext) {
        free()
        awaited = 0
        deadline = .distantFuture
        mode = .left
        build(context)
        if held.readableBytes > 0 {
            let bytes = held
            held = ByteBuffer()
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    private func build(_ context: ChannelHandlerContext) {
        guard !hasPipeline else { return }
        hasPipeline = true
        loop.httpPipeline.build(in: context.channel, behind: self)
    }

    /// The pipeline has answered all it was given, and waits for more.
    func pipelineBecameIdle() {
        switch mode {
        case .passing(missing: 0):
            mode = .lanes
            deadline = idleDeadline
            // Not in the midst of the write that ends the answer.
            loop.eventLoop.assumeIsolated().execute { self.goOn() }
        case .left: deadline = idleDeadline
        case .passing, .lanes, .waiting, .closing: break
        }
    }

    // MARK: Events

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: inputClosed(context)
        case is ChannelShouldQuiesceEvent: quiesce(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func inputClosed(_ context: ChannelHandlerContext) {
        isInputClosed = true
        switch mode {
        case .lanes: settle(context)
        case .waiting, .closing: break
        case .passing: leave(context)
        case .left: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    private func quiesce(_ context: ChannelHandlerContext) {
        isLast = true
        switch mode {
        case .lanes where reserved > 0:
            // Half a request is a request under way.
            leave(context)
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        case .lanes: closeWhenWritten(context)
        case .waiting, .closing: break
        case .passing, .left: context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// Closes as soon as the peer has taken the answers that were given, or does not go on taking them.
    private func closeWhenWritten(_ context: ChannelHandlerContext) {
        mode = .closing
        deadline = .now() + TimeAmount(loop.limits.writeStall)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }
}
