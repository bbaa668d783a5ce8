import ChangeLog
import Documents
import Fold
import Logging
import NIOPosix
import Redis
import Relays
import TestSupport
import Testing
import WebhookQueue
import Webhooks

/// Webhooks on a private Redis whose clock the test moves.
struct Store: Sendable {
    let redis: TestRedis
    let clock: TestClock
    let log: ChangeLog
    let queue: DeliveryQueue
    let registry: WebhookRegistry

    /// What is taken out of the scripts, to see that a test fails without it.
    @TaskLocal static var mutant: Mutant?

    /// From now on the clock of Redis is ahead by so much.
    func advance(to offset: Duration) throws { try clock.set(to: offset) }

    var home: Partition { queue.partition(of: board) }

    func key(_ rest: String) -> String { "{\(home)}:\(rest)" }
}

private struct NoSnapshots: SnapshotSource {
    func snapshot(of application: ApplicationID) async -> Snapshot? { nil }
}

func withStore(_ body: @escaping @Sendable (Store) async throws -> Void) async throws {
    let folder = try PrivateFolder("webhooks")
    defer { folder.remove() }
    let clock = try await TestClock(in: folder.path)
    let redis = try await TestRedis.start(clock: clock)
    defer { redis.remove() }
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let relay: Relay?
    if let mutant = Store.mutant {
        relay = try await Relay(
            at: "\(redis.folder)/relay.sock", to: redis.socketPath, .redis(mutant),
            on: MultiThreadedEventLoopGroup.singleton)
    } else {
        relay = nil
    }
    defer { relay?.close() }
    var configuration = RedisConfiguration(address: try RedisAddress(relay.map { "unix://\($0.path)" } ?? redis.url))
    configuration.backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(50))
    configuration.connectionWait = .seconds(10)
    let client = RedisClient(
        configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        defer { group.cancelAll() }
        let settings = try await StoreSettings.load(
            from: client, initial: StoreSettings(partitions: 4, limits: .standard))
        let log = ChangeLog(client: client, settings: settings, snapshots: NoSnapshots(), logger: quiet)
        try await body(
            Store(
                redis: redis, clock: clock, log: log, queue: DeliveryQueue(log: log),
                registry: WebhookRegistry(log: log)))
    }
}

let board = application("board")

func application(_ text: String) -> ApplicationID {
    do { return try ApplicationID(text) } catch { fatalError("\(error)") }
}

func subscription(_ text: String = "") throws -> Subscription {
    let text = #"{"url":"https://example.org/","apps":["*"],"event_types":["state.changed","change.rejected"]\#(text)}"#
    return try Subscription(Document(parsing: Array(text.utf8)), rules: AddressRules())
}

extension Store {
    /// Makes a webhook.
    @discardableResult
    func hook(_ id: String = "w1") async throws -> Webhook {
        let changes = [WebhookRegistry.Change.subscription(try subscription()), .secrets(SecretRing(.random()))]
        guard case .done(let webhook) = try await registry.put(WebhookID(id), over: nil, changes) else {
            throw TestSupportError("\(id) was not made")
        }
        return webhook
    }

    func see(_ id: String = "w1") async throws -> Webhook {
        guard let webhook = try await registry.webhook(WebhookID(id)).0 else { throw TestSupportError("\(id) is gone") }
        return webhook
    }

    /// A delivery of a test's own.
    @discardableResult
    func make(
        _ event: String, for hook: Webhook, type: EventType = .changeRejected, isSkipped: Bool = false
    ) async throws -> DeliveryID {
        let event = WebhookEvent(id: event, type: type, application: board, time: 1_000, data: .emptyObject)
        let id = DeliveryID(partition: home.number, event: event.id, to: hook.name)
        try await queue.fanOut(
            [NewDelivery(id: id, webhook: hook.name, event: event, isSkipped: isSkipped)], of: nil, in: home)
        return id
    }

    func claim(_ hook: Webhook, most: Int = 10) async throws -> [ClaimedDelivery] {
        try await queue.claim(for: hook.name, most: most, in: home, lease: .seconds(30))
    }

    func settle(_ delivery: ClaimedDelivery, _ outcome: AttemptOutcome, _ end: AttemptEnd = .timedOut) async throws
        -> Bool
    {
        try await queue.settle(delivery, outcome, end: end, duration: .milliseconds(7), in: home)
    }

    func status(_ id: DeliveryID) async throws -> DeliveryStatus? { try await queue.delivery(id)?.0.status }

    /// The types of all events of the partition.
    func eventTypes() async throws -> [String] {
        try await queue.events(in: home, since: 0, until: UInt64(Int64.max), after: nil).events.map(\.type.rawValue)
    }

    /// Adds an event as scripts do.
    func happen(_ id: String) throws {
        _ = try redis.command(
            "XADD", key("events"), "*", "type", "change.rejected", "app", "board", "id", id, "epoch", "e1", "position",
            "1",
            "reason", "test-failed -")
    }
}
