import Foundation
import NIOCore
import Relays
import SystemSupport
import TestSupport

/// All processes of a run: daemons that push and poll are apart in some and one front in others, each behind a relay to Redis of its own;
/// every memcached is behind a relay that all share, because its address is what keys are distributed by. Where Redis is replicated the daemons
/// find the primary themselves, and nothing is behind a relay.
struct FaultyCistern: Sendable {
    let shape: Shape
    let redis: TestRedis
    let replication: TestReplication?
    /// That of Redis, by which leases and memories of changes run out. No daemon asks its own for anything that promises rest on.
    let clock: TestClock
    let memcacheds: [TestMemcached]
    let buckets: [DaemonProcess]
    let mergers: [DaemonProcess]
    /// The last one is also the last of `buckets`.
    let pollers: [DaemonProcess]
    let couriers: [DaemonProcess]
    let redisRelays: [Relay]
    let memcachedRelays: [Relay]
    private let folder: PrivateFolder

    /// - Parameter mutant: a mechanism of the scripts that is taken out.
    static func start(
        _ shape: Shape, without mutant: Mutant?, on group: any EventLoopGroup
    ) async throws -> FaultyCistern {
        let folder = try PrivateFolder("faults")
        let clock = try await TestClock(in: folder.path)
        let redis: TestRedis
        let replication: TestReplication?
        var store: [String] = []
        switch shape.redis {
        case .alone:
            redis = try await TestRedis.start(clock: clock)
            replication = nil
        case .replicated, .waitedFor:
            let group = try await TestReplication.start(sentinels: 3)
            redis = group.servers[0]
            replication = group
            store = ["--redis-url", group.url]
            if shape.redis == .waitedFor { store += ["--wait-for-replicas", "1", "--replica-limit", "300ms"] }
        }
        var memcacheds: [TestMemcached] = []
        var memcachedRelays: [Relay] = []
        for number in 0..<shape.memcacheds {
            let memcached = try await TestMemcached.start(options: ["-I", "8m"])
            memcacheds.append(memcached)
            memcachedRelays.append(
                try await Relay(
                    at: "\(folder.path)/memcached-\(number)", to: memcached.address, .memcached, on: group))
        }
        var redisRelays: [Relay] = []
        let nodes = memcachedRelays.map { "unix://\($0.path)" }.joined(separator: ",")
        var number = 0
        func daemon(_ program: DaemonProcess.Program, _ flags: [String] = []) async throws -> DaemonProcess {
            number += 1
            var options = store
            if replication == nil {
                let relay = try await Relay(
                    at: "\(folder.path)/redis-\(number)", to: redis.socketPath, .redis(mutant), on: group)
                redisRelays.append(relay)
                options = ["--redis-url", "unix://\(relay.path)"]
            }
            return DaemonProcess(
                program, options: options + ["--memcached", nodes] + flags,
                logFile: "\(folder.path)/\(program.rawValue)-\(number).log")
        }
        // A front both takes changes and answers polls.
        let front = try await daemon(.front, Self.webhooks)
        var buckets: [DaemonProcess] = []
        for _ in 1..<shape.buckets { buckets.append(try await daemon(.changeBucket, Self.webhooks)) }
        var mergers: [DaemonProcess] = []
        for _ in 0..<shape.mergers { mergers.append(try await daemon(.mergeDaemon, ["--lease-time", "1s"])) }
        var pollers: [DaemonProcess] = []
        for _ in 1..<shape.pollers { pollers.append(try await daemon(.statePoll)) }
        var couriers: [DaemonProcess] = []
        for _ in 0..<shape.couriers {
            couriers.append(
                try await daemon(
                    .courier, Self.webhooks + ["--delivery-timeout", "\(Endpoint.timeout.components.seconds)s"]))
        }
        let cistern = FaultyCistern(
            shape: shape, redis: redis, replication: replication, clock: clock, memcacheds: memcacheds,
            buckets: buckets + [front],
            mergers: mergers,
            pollers: pollers + [front], couriers: couriers, redisRelays: redisRelays, memcachedRelays: memcachedRelays,
            folder: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for daemon in cistern.daemons { group.addTask { try await daemon.launch() } }
            try await group.waitForAll()
        }
        return cistern
    }

    private var daemons: [DaemonProcess] { buckets + mergers + pollers.dropLast() + couriers }

    /// The end of what each daemon has logged.
    var logs: [String] { daemons.map { "\n\($0.program.rawValue):\n\($0.logged.suffix(Self.shownOfLogs))" } }

    /// Characters: some rounds of a daemon that is killed now and then.
    private static let shownOfLogs = 20_000
    /// They may be sent to loopback.
    private static let webhooks = ["--webhook-networks", "127.0.0.0/8"]

    func stop() async {
        for daemon in daemons { daemon.kill() }
        for relay in redisRelays + memcachedRelays { relay.close() }
        replication?.remove()
        redis.remove()
        for memcached in memcacheds { memcached.remove() }
        folder.remove()
    }
}
