import HTTPService
import HTTPTypes
import NIOCore
import Synchronization

/// Lanes that answer `GET …/state` of applications whose names say how: `now…` at once, `patient…` and `stream…` when the test says so,
/// `short…` too but without listening, `take…` by handing the connection over, `all…` at once after answering everybody who waits.
final class LiveLanes: ExpressLaneProvider {
    /// What waiters were told: “patient1 left”.
    private let told = Mutex<[String]>([])
    private let lanes = Mutex<[NIOLoopBound<LiveLane>]>([])
    let mostLoad = Mutex(-1.0)

    func makeLane(on eventLoop: any EventLoop) -> any ExpressLane {
        let lane = LiveLane(self, on: eventLoop)
        lanes.withLock { $0.append(NIOLoopBound(lane, eventLoop: eventLoop)) }
        return lane
    }

    var events: [String] { told.withLock { $0 } }

    func note(_ event: String) { told.withLock { $0.append(event) } }

    /// Does something with whoever waits or streams under a name.
    func with(_ name: String, _ body: @escaping @Sendable (LiveWaiter) -> Void) async throws {
        for lane in lanes.withLock({ $0 }) {
            try await lane.eventLoop.submit {
                for waiter in lane.value.waiters where waiter.name == name { body(waiter) }
            }.get()
        }
    }

    /// Answers everybody who waits. On the lanes' event loop.
    func answerAll() {
        for lane in lanes.withLock({ $0 }) { lane.value.answerAll() }
    }

    /// Ends all streams. On the lanes' event loop.
    func endAll() {
        for lane in lanes.withLock({ $0 }) {
            for waiter in lane.value.waiters { waiter.end() }
        }
    }

    /// How many wait or stream.
    func count() async throws -> Int {
        var count = 0
        for lane in lanes.withLock({ $0 }) {
            count += try await lane.eventLoop.submit { lane.value.waiters.count }.get()
        }
        return count
    }
}

final class LiveLane: ExpressLane {
    let route = (method: HTTPRequest.Method.get, template: "/v1/apps/{app}/state")
    let action: Action? = .poll

    fileprivate let provider: LiveLanes
    private let eventLoop: any EventLoop
    var waiters: [LiveWaiter] = []

    init(_ provider: LiveLanes, on eventLoop: any EventLoop) {
        self.provider = provider
        self.eventLoop = eventLoop
    }

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        ["now", "patient", "stream", "short", "take", "all"].contains { name(request, bytes).hasPrefix($0) }
    }

    private func name(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> String {
        ApplicationPath(request.target, in: bytes).map { bytes.text(in: $0.name) } ?? ""
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict {
        let name = name(request, bytes)
        if name.hasPrefix("take") { return .takes(EchoTaker(name, provider)) }
        if name.hasPrefix("all") { answerAll() }
        if name.hasPrefix("all") || name.hasPrefix("now") {
            Self.write("lane \(name)", to: answers)
            return .answered()
        }
        let waiter = LiveWaiter(name, reply(), self)
        waiters.append(waiter)
        if name.hasPrefix("patient") { waiter.reply.listen(waiter) }
        if name.hasPrefix("stream") { eventLoop.assumeIsolated().execute { waiter.begin() } }
        return .later
    }

    func answerAll() {
        for waiter in waiters { waiter.answer("lane \(waiter.name)") }
    }

    func tidy(load: Double) { provider.mostLoad.withLock { $0 = max($0, load) } }

    static func write(_ text: String, to answers: AnswerBuffer) {
        var fields = AnswerFields()
        fields.add("Content-Length", String(text.utf8.count))
        answers.write(AnswerHead(.ok), fields, body: ByteBuffer(string: text))
    }
}

final class LiveWaiter: LaneWaiter {
    let name: String
    let reply: LaneReply
    private(set) var stream: LaneStream?
    private unowned let lane: LiveLane
    /// What is sent whenever the stream takes it, and how often. Then the stream ends.
    var filler = ByteBuffer()
    var remaining = 0

    init(_ name: String, _ reply: LaneReply, _ lane: LiveLane) {
        self.name = name
        self.reply = reply
        self.lane = lane
    }

    func answer(_ text: String) {
        leave()
        reply { LiveLane.write(text, to: $0) }
    }

    func begin() {
        stream = reply.begin(self) { $0.beginChunks(AnswerHead(.ok), AnswerFields()) }
        lane.provider.note("\(name) began")
    }

    func send(_ text: String) { stream?.send(ByteBuffer(chunk: ByteBuffer(string: text))) }

    func fill(_ filler: ByteBuffer, times: Int) {
        self.filler = filler
        remaining = times
        goOn()
    }

    private func goOn() {
        guard let stream, remaining > 0 else { return }
        while remaining > 0, stream.isWritable {
            stream.send(filler)
            remaining -= 1
        }
        if remaining == 0 { end() }
    }

    func end() {
        leave()
        stream?.end()
    }

    private func leave() { lane.waiters.removeAll { $0 === self } }

    // MARK: LaneWaiter

    func peerLeft() {
        lane.provider.note("\(name) left")
        leave()
        // A lane that is slow to understand does no harm.
        reply { LiveLane.write("too late", to: $0) }
        send("too late")
        stream?.end()
    }

    func answerNow(_ reason: LaneHurry) {
        lane.provider.note("\(name) stops")
        if stream == nil { answer("lane \(name) stopped") } else { end() }
    }

    func writableAgain() {
        lane.provider.note("\(name) writable")
        goOn()
    }
}

/// Answers whatever comes with the same.
final class EchoTaker: ConnectionTaker {
    private let name: String
    private let lanes: LiveLanes

    init(_ name: String, _ lanes: LiveLanes) {
        self.name = name
        self.lanes = lanes
    }

    func install(in channel: any Channel, after front: any ChannelHandler) throws {
        if name.hasPrefix("takeNot") { throw CancellationError() }
        try channel.pipeline.syncOperations.addHandler(Echo(name, lanes), position: .after(front))
    }
}

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let name: String
    private let lanes: LiveLanes

    init(_ name: String, _ lanes: LiveLanes) {
        self.name = name
        self.lanes = lanes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(data, promise: nil)
        // More than it may: nothing of this reaches an HTTP pipeline.
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isEnd = event as? ChannelEvent == .inputClosed
        lanes.note("\(name) \(isEnd ? "end" : "event")")
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: isEnd ? "END" : "STOP")), promise: nil)
        context.close(promise: nil)
    }
}
