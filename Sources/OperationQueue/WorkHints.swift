// What Redis tells without being asked: that something became of an operation, or that one may be claimed. Hints may be lost, and so are
// never the truth.

package import ChangeLog
package import Fold
package import Redis

package struct WorkHints: Sendable {
    private let subscriber: RedisSubscriber
    private let queue: OperationQueue

    package init(subscriber: RedisSubscriber, queue: OperationQueue) {
        self.subscriber = subscriber
        self.queue = queue
    }

    /// Calls `receive`, which must not block, whenever something became of the operation, or may have.
    package func changes(
        of name: OperationName, receive: @escaping @Sendable () -> Void
    ) throws(RedisError) -> RedisSubscription {
        let id = Array("\(name.id)".utf8)
        return try subscriber.subscribe(
            to: queue.partition(of: name.application).operations(of: name.application)
        ) { event in
            switch event {
            case .subscribed, .resubscribed: receive()
            case .message(let bytes): if bytes == id { receive() }
            }
        }
    }

    /// Calls `receive`, which must not block, with the application of every operation that may be claimed from now on; with nil if some may
    /// have been missed.
    package func work(
        receive: @escaping @Sendable ((kind: OperationKind, application: ApplicationID)?) -> Void
    ) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: StoreKeys.work) { event in
            switch event {
            case .subscribed, .resubscribed: receive(nil)
            case .message(let bytes):
                let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
                guard parts.count == 2, let kind = try? OperationKind(parts[0]),
                    let application = try? ApplicationID(parts[1])
                else { return receive(nil) }
                receive((kind, application))
            }
        }
    }

    /// Calls `receive`, which must not block, with the partition of every operation of which something is to be said; with nil if some may
    /// have been missed.
    package func news(receive: @escaping @Sendable (Partition?) -> Void) throws(RedisError) -> RedisSubscription {
        try subscriber.subscribe(to: StoreKeys.operationNews) { [queue] event in
            switch event {
            case .subscribed, .resubscribed: receive(nil)
            case .message(let bytes):
                let application = try? ApplicationID(String(decoding: bytes, as: UTF8.self))
                receive(application.map { queue.partition(of: $0) })
            }
        }
    }
}
