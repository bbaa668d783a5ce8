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

    /// Connects to the primary, and connects again whenever the connection is lost or another server is the primary, with back-off and
    /// jitter, until the task is cancelled or shut down gracefully.
    ///
    /// The first failure after a success is logged as information, the ones that follow for debugging only.
    /// Cancellation closes the connection at once, and so does another primary: what the old one still answers may be lost already.
    static func keep(
        _ configuration: RedisConfiguration, knownBy watch: PrimaryWatch, on eventLoop: any EventLoop,
        metrics: RedisMetrics, logger: Logger, _ handle: (KeepingEvent) async -> Void
    ) async {
        var backoff = configuration.backoff
        var failureLevel = Logger.Level.info
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            var tried: RedisAddress?
            do throws(RedisError) {
                var configuration = configuration
                configuration.address = try await watch.primary()
                tried = configuration.address
                let place: Logger.Metadata = ["address": "\(configuration.address)"]
                let commands = try await CommandChannel.connect(
                    configuration, on: eventLoop, metrics: metrics, logger: logger)
                var failure: RedisError?
                await watch.whilePrimary(configuration.address, closing: commands) {
                    do throws(RedisError) {
                        let connection = try await greet(commands, configuration, metrics: metrics, logger: logger)
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
                            level: Task.isCancelled ? .debug : .info, "A connection to Redis has ended", metadata: place
                        )
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
            } catch {
                logger.log(
                    level: failureLevel, "Could not connect to Redis; trying again",
                    metadata: ["address": "\(tried ?? configuration.address)", "error": "\(error)"])
                failureLevel = .debug
                await handle(.failed(error))
            }
            let pause = backoff.next()
            let address = tried
            await cancelWhenGracefulShutdown {
                _ = await watch.pause(for: pause, afterTrying: address)
            }
        }
    }
}
