import Logging
import NIOCore
import ServiceLifecycle

extension RedisConnection {
    /// What happens while a connection is kept.
    enum KeepingEvent {
        /// There is a connection; it is kept until the call that is told this returns.
        case connected(RedisConnection)
        /// An attempt failed; the next one follows after a pause.
        case failed(RedisError)
    }

    /// Connects, and connects again whenever the connection is lost, with back-off and jitter, until the task is
    /// cancelled or shut down gracefully.
    ///
    /// The first failure after a success is logged as information, the ones that follow for debugging only.
    /// Cancellation closes the connection at once.
    static func keep(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, metrics: RedisMetrics, logger: Logger,
        _ handle: (KeepingEvent) async -> Void
    ) async {
        var backoff = configuration.backoff
        var failureLevel = Logger.Level.info
        let place: Logger.Metadata = ["address": "\(configuration.address)"]
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                let connection = try await connect(configuration, on: eventLoop, metrics: metrics, logger: logger)
                logger.info("Connected to Redis", metadata: place)
                backoff.reset()
                failureLevel = .info
                await withTaskCancellationHandler {
                    await handle(.connected(connection))
                } onCancel: {
                    connection.close()
                }
                connection.close()
                logger.log(
                    level: Task.isCancelled ? .debug : .info, "A connection to Redis has ended", metadata: place)
            } catch {
                logger.log(
                    level: failureLevel, "Could not connect to Redis; trying again",
                    metadata: place.merging(["error": "\(error)"]) { _, new in new })
                failureLevel = .debug
                await handle(.failed(error))
            }
            let pause = backoff.next()
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
    }
}
