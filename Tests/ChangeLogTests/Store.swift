import ChangeLog
import Documents
import Fold
import Logging
import NIOPosix
import Redis
import Relays
import Synchronization
import TestSupport
import Testing

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Stands for memcached: one snapshot an application, put there by the test.
final class SnapshotShelf: SnapshotSource {
    private let kept = Mutex<[ApplicationID: Snapshot]>([:])

    func snapshot(of application: ApplicationID) async -> Snapshot? { kept.withLock { $0[application] } }
    func keep(_ snapshot: Snapshot) { kept.withLock { $0[snapshot.application] = snapshot } }
    func clear() { kept.withLock { $0 = [:] } }
}

/// A log on a private Redis, as a test uses it.
struct Store: Sendable {
    let redis: TestRedis
    let client: RedisClient
    let shelf: SnapshotShelf
    let settings: StoreSettings
    let log: ChangeLog

    /// What is taken out of the scripts, to see that a test fails without it.
    @TaskLocal static var mutant: Mutant?

    /// The same log with other limits.
    func log(_ change: (inout LogLimits) -> Void) -> ChangeLog {
        var limits = LogLimits()
        change(&limits)
        return ChangeLog(client: client, settings: settings, snapshots: shelf, limits: limits, logger: quiet)
    }

    /// Whether each partition has counted as many bytes of logs as its applications have.
    func checkCountsOfBytes() throws {
        // Some tests have ended it.
        guard (try? redis.command("PING")) != nil else { return }
        let wrong = try redis.command(
            "EVAL",
            """
            local wrong = {}
            for _, server in ipairs(redis.call('KEYS', '*}:server')) do
              local counted = redis.call('HMGET', server, 'generation', 'logbytes')
              local sum = 0
              for _, key in ipairs(redis.call('KEYS', string.sub(server, 1, -7) .. 'app:*')) do
                local app = redis.call('HMGET', key, 'generation', 'basebytes', 'tailbytes')
                if app[1] == counted[1] then sum = sum + app[3] - app[2] end
              end
              if sum ~= tonumber(counted[2] or '0') then
                wrong[#wrong + 1] = server .. ' counts ' .. (counted[2] or 'none') .. ' of ' .. sum
              end
            end
            return table.concat(wrong, ', ')
            """, "0")
        #expect(wrong.split(whereSeparator: \.isNewline).allSatisfy { !$0.contains("counts") }, "\(wrong)")
    }

    /// The keys of an application, for looks behind the log's back.
    func key(_ kind: String, _ rest: String = "") -> String {
        let partition = log.partition(of: board)
        return rest.isEmpty ? "{\(partition)}:\(kind)" : "{\(partition)}:\(kind):\(rest)"
    }
}

/// The application that most tests write to.
let board = id("board")

func id(_ text: String) -> ApplicationID {
    do { return try ApplicationID(text) } catch { fatalError("\(error)") }
}

func changeID(_ text: String) -> ChangeID {
    do { return try ChangeID(text) } catch { fatalError("\(error)") }
}

func change(
    _ id: String, _ text: String = #"{"a":1}"#, _ kind: PatchKind = .mergePatch, if precondition: Precondition = .none
) throws -> Change {
    try Change(id: try ChangeID(id), precondition: precondition, kind: kind, parsing: Array(text.utf8).span)
}

/// A change that every fold rejects.
func impossible(_ id: String) throws -> Change {
    try change(id, #"[{"op":"test","path":"/nowhere","value":1}]"#, .jsonPatch)
}

/// - Parameter socket: where connections are made, if not at the server's own.
func withStore(
    _ redis: TestRedis, at socket: String? = nil, partitions: Int = 4, shelf: SnapshotShelf = SnapshotShelf(),
    _ body: @escaping @Sendable (Store) async throws -> Void
) async throws {
    let socket = socket ?? redis.socketPath
    let relay: Relay?
    if let mutant = Store.mutant {
        relay = try await Relay(
            at: "\(redis.folder)/relay\(UInt32.random(in: 0 ... .max)).sock", to: socket, .redis(mutant),
            on: MultiThreadedEventLoopGroup.singleton)
    } else {
        relay = nil
    }
    defer { relay?.close() }
    var configuration = RedisConfiguration(address: try RedisAddress("unix://\(relay?.path ?? socket)"))
    configuration.backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(50))
    configuration.connectionWait = .seconds(10)
    let client = RedisClient(
        configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        defer { group.cancelAll() }
        let settings = try await StoreSettings.load(
            from: client, initial: StoreSettings(partitions: partitions, limits: .standard))
        let log = ChangeLog(client: client, settings: settings, snapshots: shelf, logger: quiet)
        let store = Store(redis: redis, client: client, shelf: shelf, settings: settings, log: log)
        try await body(store)
        if Store.mutant == nil { try store.checkCountsOfBytes() }
    }
}

func withStore(
    partitions: Int = 4, options: [String: String] = [:], tcp: Bool = false,
    _ body: @escaping @Sendable (Store) async throws -> Void
) async throws {
    try await withRedis(options: options, tcp: tcp) { redis in
        try await withStore(redis, partitions: partitions, body)
    }
}

/// Repeats what may be repeated as it is, while Redis goes away and comes back.
func insisting<Value>(_ operation: () async throws(LogError) -> Value) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
        do throws(LogError) {
            return try await operation()
        } catch {
            switch error {
            case .unavailable, .outcomeUnknown:
                guard ContinuousClock.now < deadline else { throw error }
            case .failed, .damaged, .unsettled, .otherFold: throw error
            }
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension ChangeLog {
    /// Appends and expects an answer for each change.
    @discardableResult
    func push(
        _ changes: [Change], to application: ApplicationID = board, allOrNone: Bool = false
    ) async throws -> [AppendOutcome] {
        let answer = try await insisting { () throws(LogError) in
            try await append(changes, to: application, allOrNone: allOrNone)
        }
        guard case .done(_, let outcomes) = answer else {
            throw TestSupportError("the append was refused: \(answer)")
        }
        return outcomes
    }

    @discardableResult
    func push(_ change: Change, to application: ApplicationID = board) async throws -> AppendOutcome {
        try #require(try await push([change], to: application).first)
    }

    func head(of application: ApplicationID = board) async throws -> LogHead {
        try #require(try await insisting { () throws(LogError) in try await look(at: application) })
    }
}

/// The steps of a merge daemon, one by one, so that a test can stop between any two of them.
struct Hand {
    let store: Store
    let application: ApplicationID
    private(set) var replica: Replica
    private var from: UInt64 = 0
    private var rejections: [RejectedChange] = []

    init(_ store: Store, _ application: ApplicationID = board) {
        self.store = store
        self.application = application
        replica = Replica(of: application, settings: store.settings)
    }

    /// Reads to the end of the log and folds.
    mutating func fold() async throws {
        while true {
            let log = store.log
            let application = application
            let place = replica.place
            let slice = try #require(
                try await insisting { () throws(LogError) in try await log.read(application, after: place) })
            let progress = try replica.absorb(slice)
            if progress.restarted {
                from = slice.from
                rejections = []
            }
            rejections += progress.rejections
            if let place = replica.place, place.number >= slice.tail { return }
        }
    }

    /// Puts the snapshot on the shelf.
    mutating func shelve() throws {
        store.shelf.keep(try snapshot())
    }

    private mutating func snapshot() throws -> Snapshot {
        guard let snapshot = replica.snapshot() else { throw TestSupportError("nothing was folded yet") }
        return snapshot
    }

    mutating func merge() async throws -> PublishAnswer {
        let state = try #require(replica.state)
        let place = try #require(replica.place)
        let answer = try await store.log.merged(
            application, from: from, to: place, version: state.version, stateBytes: state.stateBytes,
            rejections: rejections)
        if answer == .done {
            from = place.number
            rejections = []
        }
        return answer
    }

    mutating func checkpoint() async throws -> PublishAnswer {
        try await store.log.checkpoint(try snapshot())
    }

    /// All of it.
    mutating func work(checkpoint: Bool = false) async throws {
        try await fold()
        try shelve()
        #expect(try await merge() == .done)
        if checkpoint { #expect(try await self.checkpoint() == .done) }
    }

    var text: String { replica.state.map { $0.document.text } ?? "nothing" }
}
