import Logging
import NIOCore

/// The channel handler of a subscriber's connection: tells the server what to send, hands out what it sends, and asks
/// now and then whether it is still there, because a peer that died without a word looks just like one that has nothing
/// to say.
final class SubscriptionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Channels named in one SUBSCRIBE, so that a reconnection with very many does not make one huge command.
    private static let channelsPerCommand = 1_000

    private let registry: SubscriptionRegistry
    private let keepAlive: TimeAmount
    private let logger: Logger
    private var reader = ReplyReader()
    private var context: ChannelHandlerContext?
    private var keepAliveTask: Scheduled<Void>?
    private var heardSomething = true
    private var isBroken = false

    init(registry: SubscriptionRegistry, keepAlive: Duration, logger: Logger) {
        self.registry = registry
        self.keepAlive = TimeAmount(keepAlive)
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleCheck(context: context)
        registry.connected(self)
        tellServer()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        guard context != nil else { return }
        context = nil
        keepAliveTask?.cancel()
        keepAliveTask = nil
        registry.disconnected()
    }

    /// Sends the difference between what is wanted and what the server knows.
    func tellServer() {
        let changes = registry.takeChanges()
        send("SUBSCRIBE", changes.subscribe)
        send("UNSUBSCRIBE", changes.unsubscribe)
    }

    private func send(_ name: String, _ channels: [[UInt8]]) {
        var rest = channels[...]
        while !rest.isEmpty {
            send(RedisCommand(name, rest.prefix(Self.channelsPerCommand).map { .bytes($0) }))
            rest = rest.dropFirst(Self.channelsPerCommand)
        }
    }

    private func send(_ command: RedisCommand) {
        guard let context else { return }
        var buffer = ByteBuffer()
        command.write(into: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func scheduleCheck(context: ChannelHandlerContext) {
        keepAliveTask = context.eventLoop.assumeIsolated().scheduleTask(in: keepAlive) { self.checkPeer() }
    }

    private func checkPeer() {
        guard let context else { return }
        guard heardSomething else { return close("the server does not answer any more") }
        heardSomething = false
        send(RedisCommand("PING"))
        scheduleCheck(context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        heardSomething = true
        do throws(ProtocolViolation) {
            try reader.feed(unwrapInboundIn(data))
            while let reply = try reader.next() { receive(reply) }
        } catch {
            close("what came is not Redis' protocol (\(error.reason))")
        }
    }

    private func receive(_ reply: RESPValue) {
        switch reply {
        case .array(let elements):
            guard elements.count == 3, let channel = elements[1].bytes else { return }
            switch (elements[0].string, elements[2]) {
            case ("message", .bulk(let message)): registry.receive(message, on: channel)
            case ("subscribe", _), ("unsubscribe", _): registry.confirmed(channel)
            case (_, _): break
            }
        case .error(let error): close("the server answered: \(error.message)")
        // The answers to PING.
        case .simpleString, .bulk, .integer, .null: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close("\(error)")
    }

    private func close(_ reason: String) {
        guard !isBroken else { return }
        isBroken = true
        logger.info("Closing the subscriber's connection to Redis", metadata: ["reason": "\(reason)"])
        context?.close(promise: nil)
    }
}
