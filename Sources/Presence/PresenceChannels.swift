// The way between servers: one pub/sub channel of Redis for each application, so that a server hears only of those it follows.

package import ChangeLog
import Fold
import Logging
import NIOCore
package import Redis

package struct PresenceChannels: Sendable {
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let settings: StoreSettings

    package init(client: RedisClient, subscriber: RedisSubscriber, settings: StoreSettings) {
        self.client = client
        self.subscriber = subscriber
        self.settings = settings
    }

    private func channel(of application: ApplicationID) -> String {
        Partition(of: application, among: settings.partitions).presence(application)
    }

    /// - Returns: nil if there are too many subscriptions: then presence stays on this server.
    func subscribe(
        to application: ApplicationID, receive: @escaping @Sendable (RedisSubscriptionEvent) -> Void
    ) -> RedisSubscription? {
        try? subscriber.subscribe(to: channel(of: application), receive: receive)
    }

    /// Calls `completion` with the number of servers that a message went to, or with nil if Redis did not take it or did not say so.
    func publish(_ message: [UInt8], to application: ApplicationID, completion: @escaping @Sendable (Int?) -> Void) {
        guard let connection = client.readyConnection() else { return completion(nil) }
        connection.submit(RedisCommand("PUBLISH", .string(channel(of: application)), .bytes(message))).whenComplete {
            completion((try? $0.get())?.integer.map { Int(clamping: $0) })
        }
    }
}
