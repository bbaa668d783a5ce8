import DequeModule
import NIOCore

/// One direction of a relayed connection: what comes in on this channel goes out on its partner's, in order, when it is due.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// A look at whether silence is over.
    private static let lookAgain: TimeAmount = .milliseconds(5)

    private let partner: any Channel
    private let trouble: Trouble
    /// What passes.
    enum Traffic: Sendable {
        /// Of any kind, and not looked at.
        case bytes
        /// Replies of Redis, of which some may have to be thrown away.
        case replies(ScriptExchange?)
        /// Commands to Redis, whose scripts have to be changed.
        case commands(ScriptExchange)
    }
    private let traffic: Traffic
    /// Set unless it is not looked at.
    private var frames: RESPFrames?
    private var waiting: Deque<(due: NIODeadline, bytes: ByteBuffer)> = []
    private var isClosing = false
    private var hasTimer = false

    init(to partner: any Channel, trouble: Trouble, traffic: Traffic) {
        self.partner = partner
        self.trouble = trouble
        self.traffic = traffic
        frames = if case .bytes = traffic { nil } else { RESPFrames() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        let settings = trouble.settings
        let due = NIODeadline.now() + settings.delay
        if frames == nil {
            waiting.append((due, bytes))
        } else {
            frames?.append(bytes)
            while let frame = frames?.next() {
                switch traffic {
                case .bytes: waiting.append((due, frame))
                case .replies(let exchange):
                    if settings.dropsHints, frame.isPublishedMessage { continue }
                    waiting.append((due, exchange?.reply(frame) ?? frame))
                case .commands(let exchange): waiting.append((due, exchange.command(frame)))
                }
            }
        }
        forward(on: context.eventLoop)
    }

    /// What was sent before the connection broke arrives all the same, as in a network.
    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        forward(on: context.eventLoop)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func forward(on loop: any EventLoop) {
        if !trouble.settings.isSilent {
            let now = NIODeadline.now()
            var wrote = false
            while let first = waiting.first, first.due <= now {
                waiting.removeFirst()
                partner.write(first.bytes, promise: nil)
                wrote = true
            }
            if wrote { partner.flush() }
        }
        if waiting.isEmpty {
            if isClosing { partner.close(promise: nil) }
        } else if !hasTimer {
            hasTimer = true
            let handler = NIOLoopBound(self, eventLoop: loop)
            loop.scheduleTask(in: Self.lookAgain) {
                handler.value.hasTimer = false
                handler.value.forward(on: handler.value.partner.eventLoop)
            }
        }
    }
}
