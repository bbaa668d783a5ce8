import ChangeLog
import Documents
import Fold
import Logging
import Memcached
import NIOPosix
import Redis
import ServiceLifecycle
import SnapshotCache
import TestSupport
import Testing

@testable import Merging

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// memcached as the log asks it when Redis has lost something.
struct CachedSnapshots: SnapshotSource {
    let cache: SnapshotCache

    func snapshot(of application: ApplicationID) async -> Snapshot? {
        do { return try await cache.find(application) } catch { return nil }
    }
}

/// Real servers and everything a merge daemon needs of them.
struct Circle: Sendable {
    let redis: TestRedis
    let memcached: TestMemcached
    let client: RedisClient
    let hints: LogHints
    let cache: SnapshotCache
    let log: ChangeLog

    func daemon(_ name: String = "one", _ change: (inout MergeConfiguration) -> Void = { _ in }) -> MergeDaemon {
        var configuration = MergeConfiguration(name: name)
        configuration.lease = .milliseconds(600)
        change(&configuration)
        return MergeDaemon(log: log, hints: hints, cache: cache, configuration: configuration, logger: quiet)
    }

    func merger(_ application: ApplicationID, _ name: String = "one") -> ApplicationMerger {
        ApplicationMerger(
            application, log: log, cache: cache, configuration: MergeConfiguration(name: name),
            metrics: MergeMetrics(logger: quiet))
    }

    func push(_ changes: [Change], to application: ApplicationID) async throws {
        let answer = try await insisting { () throws(LogError) in
            try await log.append(changes, to: application, allOrNone: false)
        }
        guard case .done(_, let outcomes) = answer else { throw TestSupportError("\(answer)") }
        for outcome in outcomes {
            if case .refused(let refusal) = outcome { throw TestSupportError("a change was refused: \(refusal)") }
        }
    }

    func push(_ changes: Change..., to application: ApplicationID) async throws {
        try await push(changes, to: application)
    }

    /// Waits until everything that was pushed is published.
    func untilMerged(_ application: ApplicationID, within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, "everything pushed to \(application) is published") {
            let head = try #require(try await log.look(at: application))
            return head.merged == head.tail
        }
    }

    func untilNothingIsDirty() async throws {
        try await eventually(within: .seconds(20), "no application is dirty") {
            for partition in log.partitions {
                guard try await log.dirtyApplications(in: partition).isEmpty else { return false }
            }
            return true
        }
    }

    /// The state from checkpoint and log, without memcached.
    func rebuilt(_ application: ApplicationID) async throws -> String {
        var replica = Replica(of: application, settings: log.settings)
        while true {
            let place = replica.place
            let slice = try #require(
                try await insisting { () throws(LogError) in try await log.read(application, after: place) })
            _ = try replica.absorb(slice)
            if let state = replica.state, state.position >= slice.tail { return state.document.text }
        }
    }

    /// The state that memcached has, if it can be believed.
    func published(_ application: ApplicationID) async throws -> String? {
        try await cache.find(application).map { String(decoding: $0.state, as: UTF8.self) }
    }

    func publishedPosition(_ application: ApplicationID) async throws -> PositionToken? {
        try await cache.find(application)?.positionToken
    }
}

func withCircle(
    partitions: Int = 8, memcachedOptions: [String] = ["-I", "8m"], hints: Bool = true,
    _ body: @escaping @Sendable (Circle) async throws -> Void
) async throws {
    try await withRedis { redis in
        try await withMemcached(options: memcachedOptions) { memcached in
            guard case .unixSocket(let path) = memcached.endpoint else { throw TestSupportError("no socket") }
            let memcachedClient = try await MemcachedClient(
                configuration: MemcachedConfiguration(servers: [.unix(path: path)]), logger: quiet)
            var configuration = RedisConfiguration(address: try RedisAddress(redis.url))
            configuration.backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(50))
            let loops = MultiThreadedEventLoopGroup.singleton
            let client = RedisClient(configuration: configuration, eventLoopGroup: loops, logger: quiet)
            let subscriber = RedisSubscriber(configuration: configuration, eventLoop: loops.next(), logger: quiet)
            let cache = SnapshotCache(client: memcachedClient, logger: quiet)
            let outcome: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await client.run() }
                if hints { group.addTask { try? await subscriber.run() } }
                defer { group.cancelAll() }
                do {
                    let settings = try await StoreSettings.load(
                        from: client, initial: StoreSettings(partitions: partitions, limits: .standard))
                    let log = ChangeLog(
                        client: client, settings: settings, snapshots: CachedSnapshots(cache: cache), logger: quiet)
                    try await body(
                        Circle(
                            redis: redis, memcached: memcached, client: client,
                            hints: LogHints(subscriber: subscriber, settings: settings), cache: cache, log: log))
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            await memcachedClient.shutdown()
            try outcome.get()
        }
    }
}

/// Runs daemons for the length of the body, then ends them in the ordinary way.
func running(_ daemons: MergeDaemon..., body: @escaping @Sendable () async throws -> Void) async throws {
    let group = ServiceGroup(services: daemons, logger: quiet)
    let run = Task { try await group.run() }
    let outcome: Result<Void, any Error>
    do {
        try await body()
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await group.triggerGracefulShutdown()
    try await run.value
    try outcome.get()
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

func id(_ text: String) throws -> ApplicationID { try ApplicationID(text) }

func change(_ id: String, _ text: String, _ kind: PatchKind = .mergePatch) throws -> Change {
    try Change(id: try ChangeID(id), precondition: .none, kind: kind, parsing: Array(text.utf8).span)
}

/// Change `number` of a client that writes 1, 2, 3, … into an array: what is lost, doubled or out of order shows in the state.
func count(_ number: Int, client: String = "k") throws -> Change {
    try number == 1
        ? change("\(client)~1", #"{"list":[1]}"#)
        : change("\(client)~\(number)", #"[{"op":"add","path":"/list/-","value":\#(number)}]"#, .jsonPatch)
}

func impossible(_ id: String) throws -> Change {
    try change(id, #"[{"op":"test","path":"/nowhere","value":1}]"#, .jsonPatch)
}

func counted(to last: Int) -> String {
    #"{"list":[\#((1...last).map(String.init).joined(separator: ","))]}"#
}
