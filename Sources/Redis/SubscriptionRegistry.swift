import NIOCore
import Synchronization

/// The table of subscriptions between the threads that subscribe and the event loop on which messages arrive.
final class SubscriptionRegistry: Sendable {
    typealias Receiver = @Sendable (RedisSubscriptionEvent) -> Void
    typealias Table = SubscriptionTable<Receiver>

    private let eventLoop: any EventLoop
    private let table: Mutex<Table>
    private let handler: NIOLoopBoundBox<SubscriptionHandler?>

    init(eventLoop: any EventLoop, limit: Int) {
        self.eventLoop = eventLoop
        table = Mutex(Table(limit: limit))
        handler = .makeEmptyBox(valueType: SubscriptionHandler.self, eventLoop: eventLoop)
    }

    // MARK: From any thread

    func add(to channel: String, _ receiver: @escaping Receiver) throws(RedisError) -> Table.Registration {
        switch table.withLock({ $0.add(receiver, to: Array(channel.utf8)) }) {
        case .tellServer(let registration):
            scheduleTelling()
            return registration
        case .greet(let registration):
            eventLoop.execute { receiver(.subscribed) }
            return registration
        case .wait(let registration): return registration
        case .refuse(let limit): throw .tooManySubscriptions(limit: limit)
        }
    }

    func remove(_ registration: Table.Registration) {
        if table.withLock({ $0.remove(registration) }) { scheduleTelling() }
    }

    private func scheduleTelling() {
        eventLoop.execute { self.handler.value?.tellServer() }
    }

    var channelCount: Int { table.withLock { $0.channelCount } }

    // MARK: On the event loop

    func connected(_ handler: SubscriptionHandler) {
        self.handler.value = handler
        table.withLock { $0.connected() }
    }

    func disconnected() {
        handler.value = nil
        table.withLock { $0.disconnected() }
    }

    func takeChanges() -> (subscribe: [[UInt8]], unsubscribe: [[UInt8]]) {
        table.withLock { $0.takeChanges() }
    }

    func confirmed(_ channel: [UInt8]) {
        for greeting in table.withLock({ $0.confirmed(channel) }) {
            greeting.receiver(greeting.again ? .resubscribed : .subscribed)
        }
    }

    func receive(_ message: [UInt8], on channel: [UInt8]) {
        for receiver in table.withLock({ $0.receivers(of: channel) }) { receiver(.message(message)) }
    }
}
