// The first handler of every connection. It takes whole requests from the bytes that come and gives each to an express lane or to
// the HTTP pipeline behind it, one at a time, so that answers keep the order of their requests. What happens when is decided by
// `FrontProgress`, what a request is and whose by `RequestIntake`.
//
// The pipeline is built when the first request needs it: a connection that only polls, waits or listens never has one. What the peer
// sends while its last request is not answered is held, up to a bound; then no more is read.

import NIOCore
import NIOExtras
import RateLimits

final class ConnectionFront: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// A reply that a lane owes.
    final class OwedReply {
        let slot: LaneSlot
        let since: NIODeadline
        let fields: [UInt8]

        init(by slot: LaneSlot, _ fields: [UInt8]) {
            self.slot = slot
            self.fields = fields
            since = .now()
            slot.replyIsOwed()
        }

        deinit { slot.replyIsSettled() }
    }

    private var intake = RequestIntake()
    private var isReadHeld = false
    /// Something was given to the handlers behind that they have not been told to be all for now.
    private var owesReadComplete = false

    // What replies need too.
    let loop: LoopServices
    var progress: FrontProgress
    private(set) var context: ChannelHandlerContext?
    private(set) lazy var peer = PeerAddress(context?.remoteAddress).rateKey
    var owed: OwedReply?
    /// Who is told what becomes of the peer that waits for a reply or is sent a stream.
    var waiter: (any LaneWaiter)?
    var isWorking = false
    /// A route listens to what becomes of the peer, and answers when something happens.
    var routeWaits = false

    /// In the event loop's list of connections.
    var place = 0

    init(_ loop: LoopServices) {
        self.loop = loop
        progress = FrontProgress(times: loop.times, requests: loop.requestsPerConnection)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.opened(self)
        perform(progress.opened(hasLanes: !loop.slots.isEmpty, at: .now()), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        progress.closed()
        dropPeer()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        progress.closed()
        intake.end(loop)
        intake = RequestIntake()
        loop.closed(self)
    }

    /// Told about once a second.
    func tick(_ now: NIODeadline) {
        intake.tick(now)
        if let context { perform(progress.tick(now, untaken: context.channel.untakenBytes), context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let action = progress.writabilityChanged(to: context.channel.isWritable, at: .now())
        context.fireChannelWritabilityChanged()
        perform(action, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            perform(progress.inputClosed(held: intake.count, at: .now()), context, for: event)
        case is ChannelShouldQuiesceEvent:
            let action = progress.quiesce(at: .now())
            perform(action, context, for: event)
            if action == .leave { context.fireUserInboundEventTriggered(event) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func perform(_ action: FrontProgress.Action, _ context: ChannelHandlerContext, for event: Any? = nil) {
        switch action {
        case .nothing: break
        case .leave: leave(context)
        case .finish:
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
        case .close: context.close(promise: nil)
        case .dropPeer:
            dropPeer()
            context.close(promise: nil)
        case .tellNow: waiter?.answerNow(progress.isLast ? .serverStops : .peerHasFinished)
        case .tellWritable: waiter?.writableAgain()
        case .goOn: goOn()
        case .passOn: if let event { context.fireUserInboundEventTriggered(event) }
        }
    }

    func dropPeer() {
        let waiter = self.waiter
        self.waiter = nil
        owed = nil
        waiter?.peerLeft()
    }

    // MARK: Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch progress.bytesArrived() {
        case .hold:
            intake.add(unwrapInboundIn(data))
            work(context)
        case .passOn:
            owesReadComplete = true
            context.fireChannelRead(data)
        case .drop: break
        }
    }

    func read(context: ChannelHandlerContext) {
        if progress.mayRead(held: intake.count) {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What nothing was given to need not hear of it, and a pipeline that is there is many handlers long.
        guard owesReadComplete else { return }
        owesReadComplete = false
        context.fireChannelReadComplete()
    }

    /// Takes the work up again that waited for something else than bytes.
    func goOn() {
        guard let context else { return }
        work(context)
        channelReadComplete(context: context)
        guard isReadHeld, progress.mayRead(held: intake.count) else { return }
        isReadHeld = false
        context.read()
    }

    /// Gives what is held to whom it belongs, as far as that is possible now.
    private func work(_ context: ChannelHandlerContext) {
        // Writing may tell us in the midst of it that more can be written.
        guard !isWorking else { return }
        isWorking = true
        loop.answers.direct(to: context) {
            while step(context) {}
        }
        isWorking = false
        intake.trim()
        perform(progress.settle(held: intake.count, at: .now()), context)
    }

    // MARK: Requests

    /// - Returns: whether there may be another step.
    private func step(_ context: ChannelHandlerContext) -> Bool {
        switch progress.next(held: intake.count) {
        case .stop: return false
        case .look:
            guard let again = intake.repetition else { return give(intake.next(loop), context) }
            repeated(again, context)
            return true
        case .pass(let count):
            guard let part = intake.slice(count) else { return false }
            owesReadComplete = true
            context.fireChannelRead(wrapInboundOut(part))
            return true
        }
    }

    private func give(_ finding: RequestIntake.Finding, _ context: ChannelHandlerContext) -> Bool {
        switch finding {
        case .incomplete:
            progress.headIsIncomplete(held: intake.count, at: .now())
            return false
        case .bodyMissing(let request):
            progress.bodyIsIncomplete(bytes: request.bytes, at: .now())
            return false
        case .forLane(let request, let slot, let caller):
            do throws(Problem) {
                let payment = try pay(for: slot, by: caller, on: intake.application(of: request))
                take(request, by: slot, from: caller, payment, context)
            } catch {
                refuseLate(request, by: slot, error)
            }
        case .refused(let request, let slot, let problem): refuse(request, by: slot, problem)
        case .forRoute where loop.leavesAtFirst: perform(progress.leave(), context)
        case .forRoute(let request):
            progress.requestArrived()
            intake.free(loop)
            progress.pass(bytes: request.bytes)
            build(context)
        case .unusual: perform(progress.leave(), context)
        }
        return true
    }

    private func repeated(_ again: RepeatedRequest, _ context: ChannelHandlerContext) {
        do throws(Problem) {
            let payment = try pay(for: again.slot, by: again.caller, on: again.application)
            guard !answer(again, payment) else { return }
            // The lane has to look at the request once more.
            take(again.request, by: again.slot, from: again.caller, payment, context)
        } catch {
            refuseLate(again.request, by: again.slot, error)
        }
    }

    private func pay(
        for slot: LaneSlot, by caller: Caller, on application: @autoclosure () -> RateKey?
    ) throws(Problem) -> RequestRates.Payment? {
        guard let rates = loop.rates, let work = slot.work else { return nil }
        return try rates.pay(for: work, by: caller.rateKey ?? peer, on: application())
    }

    private func answer(_ again: RepeatedRequest, _ payment: RequestRates.Payment?) -> Bool {
        guard let note = again.note else { return false }
        let isLast = isLast(again.request)
        loop.answers.prepare(again.slot, fields(of: again.request, payment) + ending(isLast))
        guard again.slot.lane.answerAgain(like: note, from: again.caller, into: loop.answers) else { return false }
        progress.requestArrived()
        if isLast { progress.lastAnswerGiven() }
        intake.drop(again.request.bytes)
        answered()
        return true
    }

    /// What a request's origin, and what was paid for it, add to the head of its answer.
    private func fields(of request: ScannedRequest, _ payment: RequestRates.Payment? = nil) -> [UInt8] {
        let own = payment?.fields?.lines ?? []
        guard let crossOrigin = loop.crossOrigin else { return own }
        let bytes = intake.held
        return crossOrigin.fields(for: request.origin, in: bytes.readableBytesUInt8Span) + own
    }

    /// Answers later who comes too often. Until then no further request of the connection is looked at.
    private func refuseLate(_ request: ScannedRequest, by slot: LaneSlot, _ problem: Problem) {
        progress.requestArrived()
        intake.free(loop)
        owed = OwedReply(by: slot, fields(of: request))
        intake.drop(request.bytes)
        progress.replyIsOwed(isPatient: false)
        loop.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(RequestRates.refusalPause)) {
            self.replied { $0.write(problem) }
        }
    }

    /// Whether the answer to a request ends the connection: there may be no further one, or the server drains, and no other is here.
    private func isLast(_ request: ScannedRequest) -> Bool {
        progress.requestsLeft == 1 || loop.isDraining && intake.count <= request.bytes
    }

    /// Whether the server stops, and the answer that is given now is to say so.
    var isEnding: Bool { loop.isDraining || progress.isLast }

    /// Whether the peer waits for something to happen, and sends nothing meanwhile.
    var isPatient: Bool { routeWaits || progress.isPatient }

    var hasMore: Bool { intake.count > 0 }

    /// What the head of an answer has more if it is the connection's last.
    func ending(_ isLast: Bool) -> [UInt8] { isLast ? AnswerFields.close : [] }

    /// Answers as the route would.
    private func refuse(_ request: ScannedRequest, by slot: LaneSlot, _ problem: Problem) {
        progress.requestArrived()
        intake.free(loop)
        let isLast = isLast(request)
        loop.answers.prepare(slot, fields(of: request) + ending(isLast))
        loop.answers.write(problem)
        if isLast { progress.lastAnswerGiven() }
        intake.drop(request.bytes)
        answered()
    }

    private func answered() {
        progress.countRequest()
        loop.answers.flushIfLarge()
    }

    private func take(
        _ request: ScannedRequest, by slot: LaneSlot, from caller: Caller, _ payment: RequestRates.Payment?,
        _ context: ChannelHandlerContext
    ) {
        progress.requestArrived()
        intake.free(loop)
        // The lane may close this very connection.
        let bytes = intake.held
        let isLast = isLast(request)
        let fields = fields(of: request, payment)
        loop.answers.prepare(slot, fields + ending(isLast))
        let verdict = slot.lane.answer(request, bytes.readableBytesUInt8Span, from: caller, into: loop.answers) {
            LaneReply(front: self)
        }
        switch verdict {
        case .answered(let note):
            if isLast { progress.lastAnswerGiven() }
            intake.drop(request, noting: note)
            answered()
        case .later:
            intake.drop(request.bytes)
            owed = OwedReply(by: slot, fields)
            progress.replyIsOwed(isPatient: waiter != nil)
        case .takes(let taker): hand(over: context, to: taker)
        case .leaves:
            // The route takes its own.
            if let payment, let work = slot.work { loop.rates?.giveBack(payment, of: work) }
            _ = give(RequestIntake.forRoute(request), context)
        }
    }

    // MARK: Handlers behind

    private func build(_ context: ChannelHandlerContext) {
        if progress.needsPipeline() { loop.httpPipeline.build(in: context.channel, behind: self) }
    }

    /// Told by the pipeline of each request that it begins to read.
    ///
    /// - Returns: whether another may follow.
    func requestBegan() -> Bool {
        // Any other was counted when it was passed on.
        if progress.mode == .left { progress.countRequest() }
        return progress.requestsLeft > 0
    }

    func pipelineBecameIdle() {
        guard progress.pipelineBecameIdle(at: .now()) == .goOn else { return }
        // Not in the midst of the write that ends the answer.
        loop.eventLoop.assumeIsolated().execute { self.goOn() }
    }

    /// Lets the pipeline have everything from here on.
    private func leave(_ context: ChannelHandlerContext) {
        intake.end(loop)
        build(context)
        passRest(context)
    }

    /// Lets a lane's handlers have everything from here on.
    private func hand(over context: ChannelHandlerContext, to taker: any ConnectionTaker) {
        progress.take()
        intake.end(loop)
        // The handlers may write at once, behind what was answered before.
        loop.answers.flush()
        do {
            let pipeline = context.pipeline.syncOperations
            if progress.hasPipeline { try pipeline.addHandler(EndOfTaken(), position: .after(self)) }
            try taker.install(in: context.channel, after: self)
        } catch { return context.close(promise: nil) }
        passRest(context)
        // There is nothing left for it to do, and each write would pass it. Not in the midst of what it is doing.
        loop.eventLoop.assumeIsolated().execute { self.stepAside() }
    }

    private func stepAside() {
        guard let context else { return }
        if isReadHeld { context.read() }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func passRest(_ context: ChannelHandlerContext) {
        if intake.count > 0 {
            context.fireChannelRead(wrapInboundOut(intake.all()))
            context.fireChannelReadComplete()
        }
        if progress.isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }
}
