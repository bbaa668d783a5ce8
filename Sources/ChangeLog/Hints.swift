// What Redis tells without being asked: hints that something was pushed or published. They may be lost, and so are never the
// truth; whoever gets `lookYourself` has missed some.

package import Fold
package import Redis

package struct LogHints: Sendable {
    private let subscriber: RedisSubscriber
    private let settings: StoreSettings

    package init(subscriber: RedisSubscriber, settings: StoreSettings) {
        self.subscriber = subscriber
        self.settings = settings
    }

    /// What happened to an application.
    package enum Merged: Hashable, Sendable {
        case published(PositionToken, version: UInt64)
        /// The application was deleted or adopted, or hints were lost.
        case lookYourself
    }

    /// Calls `receive`, which must not block, for everything that happens to an application while the subscription is kept.
    package func merged(
        _ application: ApplicationID, receive: @escaping @Sendable (Merged) -> Void
    ) throws(RedisError) -> RedisSubscription {
        let partition = Partition(of: application, among: settings.partitions)
        return try subscriber.subscribe(to: partition.merged(application)) { event in
            switch event {
            case .subscribed, .resubscribed: receive(.lookYourself)
            case .message(let bytes): receive(Merged(bytes))
            }
        }
    }

    /// Calls `receive`, which must not block, with every application of a partition that something was pushed to; with nil if
    /// hints were lost.
    package func pushed(
        in partition: Partition, receive: @escaping @Sendable (ApplicationID?) -> Void
    ) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: partition.pushed) { event in
            switch event {
            case .subscribed, .resubscribed: receive(nil)
            case .message(let bytes): receive(try? ApplicationID(String(decoding: bytes, as: UTF8.self)))
            }
        }
    }

    /// Calls `receive`, which must not block, when leases may be free or wanted by somebody else.
    package func leases(receive: @escaping @Sendable () -> Void) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: StoreKeys.leases) { _ in receive() }
    }
}

extension LogHints.Merged {
    /// `<epoch> <position> <version>`, as merged.lua publishes it; everything else says “look”.
    fileprivate init(_ bytes: [UInt8]) {
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count == 3, let epoch = Epoch(fields[0]), let position = UInt64(fields[1]),
            let version = UInt64(fields[2])
        else {
            self = .lookYourself
            return
        }
        self = .published(PositionToken(epoch: epoch, number: position), version: version)
    }
}
