package import AsyncHTTPClient
import NIOCore
package import TestSupport

/// What a test wants of its Cistern.
package struct CisternOptions: Sendable {
    package enum Layout: Sendable {
        /// `cistern-front` for pushing and polling.
        case front
        /// `change-bucket` and `state-poll`.
        case split
    }

    package var layout: Layout
    package var mergeDaemons: Int
    /// That send webhooks, also to loopback.
    package var couriers: Int
    /// Servers that answer polls; with `.front` these are fronts.
    package var pollers: Int
    package var memcacheds: Int
    package var memcachedOptions: [String]
    /// Settings of redis.conf.
    package var redis: [String: String]
    /// A Redis with replicas in place of one of its own.
    package var replication: TestReplication?
    /// Flags of all daemons, of those that take changes in, of merge daemons, of couriers, and of those that answer polls.
    package var flags: [String]
    package var bucketFlags: [String]
    package var mergeFlags: [String]
    package var courierFlags: [String]
    package var pollFlags: [String]
    /// Whether those that serve clients have sockets that are kept while they are restarted, as with systemd.
    package var keepsSockets = false

    package init(
        layout: Layout = .front, mergeDaemons: Int = 1, couriers: Int = 0, pollers: Int = 1, memcacheds: Int = 1,
        memcachedOptions: [String] = ["-I", "8m"], redis: [String: String] = [:],
        replication: TestReplication? = nil, flags: [String] = [],
        bucketFlags: [String] = [], mergeFlags: [String] = [], courierFlags: [String] = [], pollFlags: [String] = []
    ) {
        self.layout = layout
        self.mergeDaemons = mergeDaemons
        self.couriers = couriers
        self.pollers = pollers
        self.memcacheds = memcacheds
        self.memcachedOptions = memcachedOptions
        self.redis = redis
        self.replication = replication
        self.flags = flags
        self.bucketFlags = bucketFlags
        self.mergeFlags = mergeFlags
        self.courierFlags = courierFlags
        self.pollFlags = pollFlags
    }

    package static let front = CisternOptions()
    package static let split = CisternOptions(layout: .split)
}

/// A whole Cistern of processes, for one test.
package final class TestCistern: Sendable {
    package let options: CisternOptions
    package let redis: TestRedis
    package let memcacheds: [TestMemcached]
    /// Takes changes in: a change-bucket, or the first front.
    package let bucket: DaemonProcess
    package let mergeDaemons: [DaemonProcess]
    package let couriers: [DaemonProcess]
    /// Answer polls: state-polls or fronts.
    package let pollers: [DaemonProcess]
    package let http: HTTPClient

    package var merger: DaemonProcess { mergeDaemons[0] }
    package var poller: DaemonProcess { pollers[0] }
    package var daemons: [DaemonProcess] {
        (options.layout == .split ? [bucket] + mergeDaemons + pollers : mergeDaemons + pollers) + couriers
    }

    fileprivate init(
        _ options: CisternOptions, _ redis: TestRedis, _ memcacheds: [TestMemcached], _ http: HTTPClient
    ) throws {
        self.options = options
        self.redis = redis
        self.memcacheds = memcacheds
        self.http = http
        let store =
            options.flags + [
                "--redis-url", options.replication?.url ?? redis.url, "--memcached",
                memcacheds.map { "unix://\($0.address)" }.joined(separator: ","),
            ]
        func daemon(_ program: DaemonProcess.Program, _ number: Int, _ flags: [String]) throws -> DaemonProcess {
            let listener = options.keepsSockets ? try ListeningSocket() : nil
            return DaemonProcess(
                program, options: store + flags, logFile: "\(redis.folder)/\(program.rawValue)-\(number).log",
                listener: program == .mergeDaemon || program == .courier ? nil : listener)
        }
        mergeDaemons = try (0..<options.mergeDaemons).map {
            try daemon(.mergeDaemon, $0, ["--lease-time", "1s"].unless(in: options.mergeFlags) + options.mergeFlags)
        }
        let networks = options.couriers > 0 ? ["--webhook-networks", "127.0.0.0/8"] : []
        couriers = try (0..<options.couriers).map { try daemon(.courier, $0, networks + options.courierFlags) }
        switch options.layout {
        case .split:
            bucket = try daemon(.changeBucket, 0, networks + options.bucketFlags)
            pollers = try (0..<options.pollers).map { try daemon(.statePoll, $0, options.pollFlags) }
        case .front:
            let fronts = try (0..<options.pollers).map {
                try daemon(.front, $0, networks + options.bucketFlags + options.pollFlags)
            }
            bucket = fronts[0]
            pollers = fronts
        }
    }

    fileprivate func launch() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for daemon in daemons { group.addTask { try await daemon.launch() } }
            try await group.waitForAll()
        }
        for daemon in daemons {
            try await eventually("\(daemon.program.rawValue) is ready") {
                try await get("/readyz", from: daemon).status == 200
            }
        }
    }

    /// The end of every daemon's log, for when a test has failed.
    fileprivate var logs: String {
        daemons.map { "--- \($0.program.rawValue)\n\($0.logged.suffix(4_000))" }.joined(separator: "\n")
    }
}

extension [String] {
    /// Nothing if the first of these flags is given already.
    fileprivate func unless(in given: [String]) -> [String] { first.map(given.contains) == true ? [] : self }
}

/// Runs the body with a Cistern of its own and ends all its processes afterwards.
package func withCistern<Value>(
    _ options: CisternOptions = .front, isolation: isolated (any Actor)? = #isolation,
    _ body: (TestCistern) async throws -> Value
) async throws -> Value {
    // A second system of the same test has its slot from the first: tests that each hold one and wait for another would wait for ever.
    if SystemSlots.isHeld { return try await run(options, isolation: isolation, body) }
    await SystemSlots.shared.take()
    let outcome: Result<Value, any Error>
    do {
        let value = try await SystemSlots.$isHeld.withValue(true) {
            try await run(options, isolation: isolation, body)
        }
        outcome = .success(value)
    } catch { outcome = .failure(error) }
    await SystemSlots.shared.giveBack()
    return try outcome.get()
}

private func run<Value>(
    _ options: CisternOptions, isolation: isolated (any Actor)?, _ body: (TestCistern) async throws -> Value
) async throws -> Value {
    let redis =
        if let replication = options.replication { replication.servers[0] } else {
            try await TestRedis.start(options: options.redis)
        }
    defer { redis.remove() }
    var memcacheds: [TestMemcached] = []
    defer { for memcached in memcacheds { memcached.remove() } }
    for _ in 0..<options.memcacheds {
        memcacheds.append(try await TestMemcached.start(options: options.memcachedOptions))
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .forTests)
    let system = try TestCistern(options, redis, memcacheds, http)
    let outcome: Result<Value, any Error>
    do {
        try await system.launch()
        outcome = .success(try await body(system))
    } catch {
        print("The test failed with \(error)\n\(system.logs)")
        outcome = .failure(error)
    }
    for daemon in system.daemons { daemon.kill() }
    try? await http.shutdown()
    return try outcome.get()
}

extension HTTPClient.Configuration {
    /// Failures to connect are seen at once, and no request waits for another's connection.
    package static var forTests: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 400
        return configuration
    }
}

/// Lets few systems run at a time: each is half a dozen processes, which wait most of the time for what the test waits for.
private actor SystemSlots {
    static let shared = SystemSlots()

    /// Whether the present test has a slot.
    @TaskLocal static var isHeld = false

    private var free = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
