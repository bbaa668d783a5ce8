// Redis and memcached as every daemon has them: connected, their settings read, the log and the cache on top.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import Logging
import Memcached
import NIOCore
import NIOPosix
package import Redis
package import ServiceLifecycle
package import SnapshotCache

package struct Store: Sendable {
    package let log: ChangeLog
    /// What changes are appended by: those of one event loop's turn together.
    package let commits: GroupCommits
    package let hints: LogHints
    package let cache: SnapshotCache
    package let guarantees: RedisGuarantees
    package let redis: RedisClient
    /// Appends, where replicas are waited for.
    private let appender: RedisClient?
    package let subscriber: RedisSubscriber

    /// To be run for as long as the store is used, and stopped after everything that uses it.
    package var services: [any Service] {
        [redis] + (appender.map { [$0] } ?? []) + [subscriber, CacheShutdown(cache: cache)]
    }

    /// Connects, reads what all daemons of the store have in common, and puts log and cache together. Waits for as long as Redis
    /// is away; whoever starts a daemon before its Redis need not care.
    package static func open(for daemon: Daemon) async throws -> Store {
        let (configuration, logger) = (daemon.configuration, daemon.logger)
        let group = daemon.eventLoopGroup
        var redisConfiguration = RedisConfiguration(address: configuration.redis)
        redisConfiguration.clientName = daemon.name
        if let path = configuration.redisCA {
            let file = try Admittance.read(path, upTo: Admittance.largestPEM, as: "--redis-ca")
            do { redisConfiguration.roots = try RedisRoots(file) } catch {
                throw DaemonFailure.configuration("The file \(path) (--redis-ca) cannot be used. \(error)")
            }
        }
        let redis = RedisClient(configuration: redisConfiguration, eventLoopGroup: group, logger: logger)
        let appender = configuration.replicaWait.map { wait in
            var ofItsOwn = redisConfiguration
            ofItsOwn.clientName = "\(daemon.name)-appender"
            ofItsOwn.replicaWait = wait
            return RedisClient(configuration: ofItsOwn, eventLoopGroup: group, logger: logger)
        }
        let subscriber = RedisSubscriber(configuration: redisConfiguration, eventLoop: group.next(), logger: logger)
        let (settings, guarantees) = try await greet(redisConfiguration, initial: configuration.initialSettings, logger)

        let cache: SnapshotCache
        do {
            let memcached = try await MemcachedClient(
                configuration: MemcachedConfiguration(servers: configuration.memcached), logger: logger)
            cache = SnapshotCache(client: memcached, logger: logger)
        } catch {
            throw DaemonFailure.configuration("\(error)")
        }
        let log = ChangeLog(
            client: redis, appender: appender, settings: settings, snapshots: CachedSnapshots(cache: cache),
            limits: configuration.logLimits,
            logger: logger)
        return Store(
            log: log, commits: GroupCommits(log: log, eventLoopGroup: group),
            hints: LogHints(subscriber: subscriber, settings: settings), cache: cache, guarantees: guarantees,
            redis: redis, appender: appender, subscriber: subscriber)
    }

    /// Reads settings and guarantees with a client of its own: one runs once, and the store's has to run until the end.
    private static func greet(
        _ configuration: RedisConfiguration, initial: StoreSettings, _ logger: Logger
    ) async throws -> (StoreSettings, RedisGuarantees) {
        let greeter = RedisClient(
            configuration: configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await greeter.run() }
            defer { group.cancelAll() }
            var hasWarned = false
            while true {
                do {
                    let settings = try await StoreSettings.load(from: greeter, initial: initial)
                    let guarantees = try await RedisGuarantees.read(from: greeter)
                    report(guarantees, logger: logger)
                    return (settings, guarantees)
                } catch let error as StoreSettingsError where !error.isPassing {
                    throw DaemonFailure.configuration("\(error)")
                } catch {
                    if !hasWarned {
                        logger.warning("Waiting for Redis", metadata: ["error": "\(error)"])
                        hasWarned = true
                    }
                    try await Task.sleep(for: greetingPause)
                }
            }
        }
    }

    /// Between two attempts; the client itself waits for a connection besides.
    private static let greetingPause: Duration = .milliseconds(200)

    private static func report(_ guarantees: RedisGuarantees, logger: Logger) {
        let level: Logger.Level =
            switch guarantees.durability {
            case .everyWrite: .info
            case .everySecond, .unknown: .notice
            case .kernel, .memoryOnly: .warning
            }
        logger.log(level: level, "\(guarantees.durability.meaning)")
        if guarantees.evicts == true {
            logger.error(
                "Redis throws keys away when its memory is full, and with them acknowledged changes. Set maxmemory-policy noeviction."
            )
        }
        if guarantees.freesLazily == false {
            logger.warning(
                "Redis stands still while it frees what has expired, a second for some millions of remembered changes. Set lazyfree-lazy-expire yes."
            )
        }
    }

    /// Ready as soon as Redis answers; says what an acknowledgement is worth, who the primary is, and how many replicas follow it.
    package var readiness: ReadinessCheck {
        let durability = guarantees.durability
        return ReadinessCheck("redis") { [redis] in
            do {
                let connection = try await redis.connection()
                let replicas = try await connection.replicas()
                return .ready(
                    .object([
                        ("durability", .string(durability.meaning)), ("level", .string(durability.rawValue)),
                        ("primary", .string(connection.address.description)), ("replicas", .integer(replicas)),
                    ]))
            } catch {
                return .notReady("\(error)")
            }
        }
    }
}

extension DaemonConfiguration {
    /// For a store that is new; one that is there already keeps its own.
    fileprivate var initialSettings: StoreSettings {
        StoreSettings(partitions: partitions, limits: DocumentLimits(maximumBytes: stateLimit))
    }

    fileprivate var logLimits: LogLimits {
        var limits = LogLimits()
        limits.repeatWindow = repeatWindow
        limits.backlogChanges = backlogChanges
        limits.backlogBytes = backlogBytes
        limits.partitionBytes = partitionBytes
        limits.repeatRecords = repeatRecords
        return limits
    }
}

extension StoreSettingsError {
    /// Whether trying again may help.
    fileprivate var isPassing: Bool {
        if case .log = self { true } else { false }
    }
}

/// The cache as the log asks it when it adopts an application. What it knows may be all that is left of acknowledged changes, so a
/// server that does not answer at once is asked again.
private struct CachedSnapshots: SnapshotSource {
    let cache: SnapshotCache

    private static let attempts = 4
    private static let pause: Duration = .milliseconds(150)

    func snapshot(of application: ApplicationID) async -> Snapshot? {
        for _ in 1..<Self.attempts {
            do { return try await cache.find(application) } catch { try? await Task.sleep(for: Self.pause) }
        }
        return try? await cache.find(application)
    }
}

/// Ends memcached's threads last.
private struct CacheShutdown: Service {
    let cache: SnapshotCache

    func run() async throws {
        try? await gracefulShutdown()
        await cache.shutdown()
    }
}
