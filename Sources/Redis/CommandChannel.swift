import Logging
import NIOCore
import NIOPosix
import Synchronization

/// One socket on which commands are pipelined, seen from any thread. On its event loop nothing hops.
struct CommandChannel: Sendable {
    let address: RedisAddress
    let channel: any Channel
    private let handler: NIOLoopBound<CommandHandler>
    private let gate: CommandGate

    /// Whether commands are taken.
    var isOpen: Bool { gate.isOpen }

    var eventLoop: any EventLoop { channel.eventLoop }

    static func connect(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, metrics: RedisMetrics, logger: Logger
    ) async throws(RedisError) -> CommandChannel {
        let gate = CommandGate()
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = CommandHandler(
                        configuration: configuration, gate: gate, metrics: metrics, logger: logger)
                    if configuration.address.usesTLS, case .tcp(let host, _) = configuration.address.target {
                        try channel.pipeline.syncOperations.addHandler(configuration.roots.makeHandler(host: host))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        do {
            let channel =
                switch configuration.address.target {
                case .tcp(let host, let port):
                    try await bootstrap
                        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                        .channelOption(.socketOption(.so_keepalive), value: 1)
                        .connect(host: host, port: port).get()
                case .unixSocket(let path):
                    try await bootstrap.connect(unixDomainSocketPath: path).get()
                case .list, .sentinels:
                    throw RedisError.notConnected(
                        configuration.address, reason: "one server has to be chosen first; keep() does")
                }
            return try await CommandChannel(channel, gate: gate, address: configuration.address)
        } catch let error as RedisError {
            throw error
        } catch {
            throw .notConnected(configuration.address, reason: "\(error)")
        }
    }

    private init(_ channel: any Channel, gate: CommandGate, address: RedisAddress) async throws {
        self.address = address
        self.gate = gate
        self.channel = channel
        handler = try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: CommandHandler.self)
            return NIOLoopBound(handler, eventLoop: channel.eventLoop)
        }.get()
    }

    /// Waits for the reply. A cancelled task waits too: what was sent cannot be taken back, and the wait is bounded by
    /// the time limit of commands.
    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let result = await withCheckedContinuation { continuation in
            onEventLoop { $0.send(command, waiter: .continuation(continuation)) }
        }
        return try result.get()
    }

    /// The future fails with `RedisError` only.
    func submit(_ command: RedisCommand) -> EventLoopFuture<RESPValue> {
        let promise = eventLoop.makePromise(of: RESPValue.self)
        onEventLoop { $0.send(command, waiter: .promise(promise)) }
        return promise.futureResult
    }

    /// To be called on the event loop only, and calls `receive` there: at once if the command is not taken.
    func send(_ command: RedisCommand, receive: @escaping (Result<RESPValue, RedisError>) -> Void) {
        handler.value.send(command, waiter: .callback(receive))
    }

    private func onEventLoop(_ action: @escaping @Sendable (CommandHandler) -> Void) {
        if eventLoop.inEventLoop {
            action(handler.value)
        } else {
            eventLoop.execute { action(handler.value) }
        }
    }

    /// Closes once all replies are in.
    func drain() {
        eventLoop.execute { handler.value.drain() }
    }

    /// Closes at once; what is in flight fails with `outcomeUnknown`.
    func close() {
        gate.shut()
        channel.close(promise: nil)
    }

    /// Puts another handler in the place of the one for commands. Only while nothing is in flight.
    func replaceHandler(with makeHandler: @escaping @Sendable () -> any ChannelHandler) async throws {
        try await eventLoop.submit {
            let operations = channel.pipeline.syncOperations
            try operations.addHandler(makeHandler())
            operations.removeHandler(handler.value, promise: nil)
        }.get()
    }
}

/// Tells all threads whether a connection still takes commands. The answer may be outdated by the time it is used; the
/// connection then refuses.
final class CommandGate: Sendable {
    private let open = Atomic(true)

    var isOpen: Bool { open.load(ordering: .relaxed) }

    func shut() { open.store(false, ordering: .relaxed) }
}
