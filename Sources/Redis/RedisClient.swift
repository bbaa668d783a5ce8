package import Logging
package import NIOCore
import ServiceLifecycle

/// Keeps one connection to a Redis primary per event loop, for as long as it runs.
///
/// A connection that is lost is made anew, with back-off and jitter, and for ever: a server that is away is a state,
/// not an error. Nothing happens before `run`. On graceful shutdown no further commands are taken, those in flight get
/// their replies, and `run` returns; on cancellation the connections are closed at once.
package final class RedisClient: Service {
    package let configuration: RedisConfiguration
    private let eventLoops: [any EventLoop]
    private let pool: ConnectionPool
    private let watch: PrimaryWatch
    private let metrics: RedisMetrics
    private let logger: Logger

    package init(configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        eventLoops = Array(eventLoopGroup.makeIterator())
        metrics = RedisMetrics(client: configuration.clientName)
        pool = ConnectionPool(configuration: configuration, eventLoops: eventLoops)
        watch = PrimaryWatch(configuration, on: eventLoopGroup.next(), metrics: metrics, logger: logger)
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { watching in
                watching.addTask { await self.watch.run() }
                await withDiscardingTaskGroup { group in
                    for eventLoop in eventLoops {
                        group.addTask { await self.keepConnected(eventLoop) }
                    }
                }
                watching.cancelAll()
            }
        } onGracefulShutdown: {
            for connection in self.pool.shutDown() { connection.drain() }
        }
        _ = pool.shutDown()
    }

    /// A connection that is ready: the one of the current event loop, if this is called on one of the group's, else the
    /// next in turn. Waits for at most `connectionWait` if there is none.
    ///
    /// - Throws: `notConnected`, `tooManyWaiting`, `shuttingDown` or `cancelled`; nothing was sent in any case.
    package func connection() async throws(RedisError) -> RedisConnection {
        if let connection = readyConnection() { return connection }
        return try await pool.wait()
    }

    /// As `connection`, without waiting.
    package func readyConnection() -> RedisConnection? {
        pool.ready()
    }

    /// Sends a command on a connection that is ready. If that one closes before it has taken the command, another one
    /// is tried, once.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        do {
            return try await connection().send(command)
        } catch .connectionClosing {
            return try await connection().send(command)
        }
    }

    private func keepConnected(_ eventLoop: any EventLoop) async {
        await RedisConnection.keep(
            configuration, knownBy: watch, on: eventLoop, metrics: metrics, logger: logger
        ) { event in
            switch event {
            case .connected(let connection):
                guard pool.add(connection) else { return }
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.keepIdentity(of: connection) }
                    await connection.closed()
                    group.cancelAll()
                }
                pool.remove(connection)
            case .failed(let error):
                pool.attemptFailed(error)
            }
        }
    }

    /// Asks now and then who the server is. A connection that nobody uses would else find out neither that its server is dead nor that
    /// it was a replica meanwhile, and has lost writes, before it became a primary again.
    private func keepIdentity(of connection: RedisConnection) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: configuration.keepAlive)
            // A failure ends the connection, where that is called for.
            if !Task.isCancelled { _ = try? await connection.refreshIdentity() }
        }
    }
}
