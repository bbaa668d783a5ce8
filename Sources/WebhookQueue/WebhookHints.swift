// What Redis tells couriers without being asked. Hints may be lost, and so are never the truth.

import ChangeLog
package import Redis

package struct WebhookHints: Sendable {
    private let subscriber: RedisSubscriber

    package init(subscriber: RedisSubscriber) { self.subscriber = subscriber }

    /// Calls `receive`, which must not block, with the name of every partition that has something for couriers; with nil if some may have been
    /// missed.
    package func events(receive: @escaping @Sendable (String?) -> Void) throws(RedisError) -> RedisSubscription {
        try partitions(PartitionEvents.channel, receive)
    }

    /// The same for every partition that has a new version of some state.
    package func versions(receive: @escaping @Sendable (String?) -> Void) throws(RedisError) -> RedisSubscription {
        try partitions(PartitionEvents.versionChannel, receive)
    }

    private func partitions(
        _ channel: String, _ receive: @escaping @Sendable (String?) -> Void
    ) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: channel) { event in
            switch event {
            case .subscribed, .resubscribed: receive(nil)
            case .message(let bytes): receive(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// Calls `receive`, which must not block, when webhooks were changed.
    package func webhooks(receive: @escaping @Sendable () -> Void) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: StoreKeys.webhookChanges) { _ in receive() }
    }
}
