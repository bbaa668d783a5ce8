package import Logging
package import NIOCore
import ServiceLifecycle

/// What somebody who listens to a channel hears.
package enum RedisSubscriptionEvent: Sendable, Hashable {
    /// From now on messages arrive. Comes once, first.
    case subscribed
    case message([UInt8])
    /// The connection was lost and made again. What was published in between is lost: look for yourself.
    case resubscribed
}

/// Listens to channels of Redis on one connection, which it keeps for as long as it runs.
///
/// Publishing is a hint, never the truth: messages are lost while the connection is away and when this side is too
/// slow. Whoever listens is told with `resubscribed` when that may have happened. Nothing happens before `run`;
/// subscriptions may be made at any time.
package final class RedisSubscriber: Service {
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let registry: SubscriptionRegistry
    private let metrics: RedisMetrics
    private let logger: Logger

    package init(configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        metrics = RedisMetrics(client: "\(configuration.clientName)-subscriber")
        registry = SubscriptionRegistry(eventLoop: eventLoop, limit: configuration.subscriptionLimit)
    }

    package func run() async throws {
        // There is nothing to finish: a graceful shutdown closes the connection at once.
        await cancelWhenGracefulShutdown {
            let watch = PrimaryWatch(
                self.configuration, on: self.eventLoop, metrics: self.metrics, logger: self.logger)
            await withDiscardingTaskGroup { group in
                group.addTask { await watch.run() }
                await RedisConnection.keep(
                    self.configuration, knownBy: watch, on: self.eventLoop, metrics: self.metrics, logger: self.logger
                ) { event in
                    switch event {
                    case .connected(let connection): await self.listen(on: connection)
                    case .failed: break
                    }
                }
                group.cancelAll()
            }
        }
    }

    private func listen(on connection: RedisConnection) async {
        do {
            try await connection.replaceHandler { [registry, configuration, logger] in
                SubscriptionHandler(registry: registry, keepAlive: configuration.keepAlive, logger: logger)
            }
        } catch {
            connection.close()
        }
        await connection.closed()
    }

    /// Calls `receive` with everything that happens on a channel, until the returned subscription is cancelled or
    /// released.
    ///
    /// Several subscriptions to one channel cost the server one. `receive` is called on the subscriber's event loop and
    /// must not block; a call that is under way when the subscription is cancelled still ends.
    ///
    /// - Throws: `tooManySubscriptions`.
    package func subscribe(
        to channel: String, receive: @escaping @Sendable (RedisSubscriptionEvent) -> Void
    ) throws(RedisError) -> RedisSubscription {
        RedisSubscription(registry: registry, registration: try registry.add(to: channel, receive))
    }

    /// As `subscribe`, as a sequence. It ends never by itself; whoever stops iterating is unsubscribed.
    ///
    /// - Parameter limit: events that are kept for a slow reader. Older ones are dropped: a newer hint says all that an
    ///   older one did.
    package func events(
        of channel: String, bufferingNewest limit: Int = 16
    ) throws(RedisError) -> AsyncStream<RedisSubscriptionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisSubscriptionEvent.self, bufferingPolicy: .bufferingNewest(limit))
        let subscription = try subscribe(to: channel) { continuation.yield($0) }
        continuation.onTermination = { _ in subscription.cancel() }
        return stream
    }

    /// How many channels are listened to, or are about to be.
    package var channelCount: Int { registry.channelCount }
}

/// One subscription; ends when it is cancelled or released.
package final class RedisSubscription: Sendable {
    private let registry: SubscriptionRegistry
    private let registration: SubscriptionRegistry.Table.Registration

    init(registry: SubscriptionRegistry, registration: SubscriptionRegistry.Table.Registration) {
        self.registry = registry
        self.registration = registration
    }

    deinit { cancel() }

    /// Doing it twice does no harm.
    package func cancel() { registry.remove(registration) }
}
