package import Logging
package import NIOCore
import Synchronization

/// One connection to a primary that has said who it is. Commands are pipelined: any number of tasks may send at the
/// same time, replies come in order.
///
/// A connection never comes back once it is closed; `RedisClient` replaces it. Commands that were in flight then fail
/// with `outcomeUnknown`.
package final class RedisConnection: Sendable {
    private static let made = Atomic<UInt64>(0)

    /// Of two connections of this process, whichever clients made them, the later one has the higher number.
    package let number: UInt64
    private let commands: CommandChannel
    private let identity: Mutex<RedisServerIdentity>
    let replicaWait: ReplicaWait?
    let replicaWaiters: NIOLoopBoundBox<ReplicaWaiters<ReplicaCompletion>>

    package var address: RedisAddress { commands.address }
    package var eventLoop: any EventLoop { commands.eventLoop }

    /// The server this connection found when it was made, or when `refreshIdentity` last asked.
    package var server: RedisServerIdentity { identity.withLock { $0 } }

    init(commands: CommandChannel, server: RedisServerIdentity, replicaWait: ReplicaWait?) {
        number = Self.made.wrappingAdd(1, ordering: .relaxed).newValue
        self.commands = commands
        self.replicaWait = replicaWait
        replicaWaiters = .makeBoxSendingValue(
            ReplicaWaiters(), as: ReplicaWaiters<ReplicaCompletion>.self, eventLoop: commands.eventLoop)
        identity = Mutex(server)
    }

    /// Finds the primary, where the address leaves that open, connects and logs in, once: nobody looks after the connection later.
    ///
    /// - Throws: `notConnected`, `authenticationFailed`, `notPrimary`, or `refused` for a database that does not exist.
    package static func connect(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, logger: Logger
    ) async throws(RedisError) -> RedisConnection {
        let metrics = RedisMetrics(client: configuration.clientName)
        let watch = PrimaryWatch(configuration, on: eventLoop, metrics: metrics, logger: logger)
        var configuration = configuration
        configuration.address = try await watch.primaryOnce()
        let commands = try await CommandChannel.connect(configuration, on: eventLoop, metrics: metrics, logger: logger)
        return try await greet(commands, configuration, metrics: metrics, logger: logger)
    }

    /// Logs in on a new channel, and finds out whether the server is a primary.
    static func greet(
        _ commands: CommandChannel, _ configuration: RedisConfiguration, metrics: RedisMetrics, logger: Logger
    ) async throws(RedisError) -> RedisConnection {
        let handshake = Handshake.perform(on: commands, configuration, logger: logger)
        // The commands' own time limit is longer than anybody wants to wait for a server to say who it is.
        let deadline = commands.eventLoop.scheduleTask(in: TimeAmount(configuration.connectTimeout)) {
            commands.close()
        }
        handshake.whenComplete { _ in deadline.cancel() }
        do {
            let server = try await handshake.redisValue()
            metrics.countConnection()
            return RedisConnection(commands: commands, server: server, replicaWait: configuration.replicaWait)
        } catch .outcomeUnknown(let address, let reason) {
            commands.close()
            throw .notConnected(address, reason: "the server took the connection and did not say who it is: \(reason)")
        } catch {
            commands.close()
            throw error
        }
    }

    /// Sends a command and waits for its reply. A reply that is an error is thrown as `refused`.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try await commands.send(command)
    }

    /// As `send`, for callers on an event loop. The future belongs to this connection's loop and fails with
    /// `RedisError` only.
    package func submit(_ command: RedisCommand) -> EventLoopFuture<RESPValue> {
        commands.submit(command)
    }

    /// As `send`, for callers on this connection's event loop only, with neither task nor future: `receive` is called there, before
    /// this returns if the command is not taken.
    package func send(_ command: RedisCommand, receive: @escaping (Result<RESPValue, RedisError>) -> Void) {
        commands.send(command, receive: receive)
    }

    /// Asks the server again who it is. A server that has become a replica is given up.
    @discardableResult
    package func refreshIdentity() async throws(RedisError) -> RedisServerIdentity {
        do {
            let server = try await Handshake.identify(commands).redisValue()
            identity.withLock { $0 = server }
            return server
        } catch {
            if case .notPrimary = error { drain() }
            throw error
        }
    }

    /// How many replicas follow the server.
    package func replicas() async throws(RedisError) -> Int {
        RedisServerIdentity.replicas(in: try await send(RedisCommand("INFO", "replication")))
    }

    /// Takes no further commands and closes once all replies are in.
    package func drain() { commands.drain() }

    /// Closes at once.
    package func close() { commands.close() }

    /// Returns when the connection is closed, by whomever.
    package func closed() async {
        try? await commands.channel.closeFuture.get()
    }

    /// False as soon as the connection takes no further commands.
    package var isUsable: Bool { commands.isOpen }

    /// Puts another channel handler in the place of the one for commands. Only while nothing is in flight.
    func replaceHandler(with makeHandler: @escaping @Sendable () -> any ChannelHandler) async throws {
        try await commands.replaceHandler(with: makeHandler)
    }
}

extension EventLoopFuture where Value: Sendable {
    /// The value of a future that fails with `RedisError` only, which the type of a future cannot say.
    func redisValue() async throws(RedisError) -> Value {
        do {
            return try await get()
        } catch {
            throw error as? RedisError ?? .unexpectedReply("\(error)")
        }
    }
}
