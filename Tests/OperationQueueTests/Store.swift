import ChangeLog
import Documents
import Fold
import Logging
import NIOPosix
import OperationQueue
import Operations
import Redis
import Relays
import TestSupport
import Testing

/// Operations on a private Redis whose clock the test moves.
struct Store: Sendable {
    let redis: TestRedis
    let clock: TestClock
    let client: RedisClient
    let log: ChangeLog
    let queue: OperationQueue

    /// What is taken out of the scripts, to see that a test fails without it.
    @TaskLocal static var mutant: Mutant?

    /// From now on the clock of Redis is ahead by so much.
    func advance(to offset: Duration) throws { try clock.set(to: offset) }
}

private struct NoSnapshots: SnapshotSource {
    func snapshot(of application: ApplicationID) async -> Snapshot? { nil }
}

func withStore(
    partitions: Int = 4, limits: LogLimits = LogLimits(), settings operations: OperationSettings = OperationSettings(),
    _ body: @escaping @Sendable (Store) async throws -> Void
) async throws {
    let folder = try PrivateFolder("operations")
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
            from: client, initial: StoreSettings(partitions: partitions, limits: .standard))
        let log = ChangeLog(client: client, settings: settings, snapshots: NoSnapshots(), limits: limits, logger: quiet)
        try await body(
            Store(
                redis: redis, clock: clock, client: client, log: log,
                queue: OperationQueue(log: log, settings: operations)))
    }
}

let board = application("board")

func application(_ text: String) -> ApplicationID {
    do { return try ApplicationID(text) } catch { fatalError("\(error)") }
}

func kind(_ text: String) -> OperationKind {
    do { return try OperationKind(text) } catch { fatalError("\(error)") }
}

func name(_ text: String, of application: ApplicationID = board) throws -> OperationName {
    OperationName(try OperationID(text), of: application)
}

func json(_ text: String) throws -> Document { try Document(parsing: Array(text.utf8)) }

func request(_ text: String = #"{"kind":"export"}"#) throws -> OperationRequest { try OperationRequest(json(text)) }

func failure(_ text: String = #"{"error":{"code":"x"},"retryable":true}"#) throws -> FailureReport {
    try FailureReport(json(text))
}

extension OperationQueue {
    @discardableResult
    func make(
        _ id: String, _ text: String = #"{"kind":"export"}"#, of application: ApplicationID = board
    ) async throws -> OperationDocument {
        guard case .created(let document) = try await create(request(text), as: name(id, of: application)) else {
            throw TestSupportError("\(id) was not made")
        }
        return document
    }

    func see(_ id: String, of application: ApplicationID = board) async throws -> OperationDocument {
        guard case .found(let document) = try await look(at: name(id, of: application)) else {
            throw TestSupportError("\(id) is not there")
        }
        return document
    }

    func claims(
        _ most: Int = 1, kinds: [OperationKind] = [kind("export")], of applications: [ApplicationID]? = nil,
        lease: Duration = .seconds(30)
    ) async throws -> [ClaimedOperation] {
        try await claim(
            in: partition(of: applications?.first ?? board), by: try WorkerID("w1"), kinds: kinds, of: applications,
            most: most, lease: lease
        ).operations
    }

    func claimOne(lease: Duration = .seconds(30)) async throws -> ClaimedOperation {
        try #require(try await claims(lease: lease).first)
    }
}

extension RetryAnswer {
    var tag: String {
        switch self {
        case .retried(let document): "retried \(document.status)"
        case .refused(let document): "refused \(document.status)"
        case .full: "full"
        case .changed: "changed"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }
}

extension LeasedAnswer {
    /// The case, for comparing in one line.
    var tag: String {
        switch self {
        case .done: "done"
        case .known: "known"
        case .leaseLost: "lease-lost"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }
}

extension CancelAnswer {
    var tag: String {
        switch self {
        case .alive(let document): "alive \(document.status)"
        case .over(let document): "over \(document.status)"
        case .deleted: "deleted"
        case .changed: "changed"
        case .gone: "gone"
        case .unknown: "unknown"
        }
    }
}

extension CreateAnswer {
    var tag: String {
        switch self {
        case .created: "created"
        case .known(let document): "known \(document.status)"
        case .mismatch: "mismatch"
        case .retired: "retired"
        case .full: "full"
        }
    }
}
