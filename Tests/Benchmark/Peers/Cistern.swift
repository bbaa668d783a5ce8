// Cistern with stores of its own.

import Foundation
import NIOCore
import TestSupport

actor Cistern {
    let redis: RedisServer
    let memcached: MemcachedServer
    nonisolated let client: Client
    nonisolated let mergeClient: Client
    nonisolated let courierClient: Client
    nonisolated let port: Int
    private let bench: Bench
    private let name: String
    private let cores: Cores
    private let settings: Settings
    private var front: Server?
    private var merger: Server?
    private var courier: Server?

    struct Settings: Sendable {
        var fsync = Fsync.everysec
        /// Arguments of every daemon: a daemon refuses what it does not know.
        var store: [String] = []
        var front: [String] = []
        var merge: [String] = []
        /// Whether changes are merged from the beginning.
        var merges = true
        /// Whether webhooks are sent, also to this machine.
        var sendsWebhooks = false
    }

    /// Starts all of it.
    ///
    /// - Parameter name: tells its files apart from those of others.
    static func start(
        _ name: String, cores: Cores, _ settings: Settings = Settings(), in bench: Bench
    ) async throws -> Cistern {
        let redis = try await RedisServer.start("\(name)-redis", fsync: settings.fsync, cores: cores, in: bench)
        let memcached = try await MemcachedServer.start("\(name)-memcached", cores: cores, in: bench)
        let cistern = Cistern(
            redis, memcached, ports: try await (Server.freePort(), Server.freePort(), Server.freePort()), name, cores,
            settings, bench)
        if settings.merges { try await cistern.startMerging() }
        if settings.sendsWebhooks { try await cistern.startSending() }
        try await cistern.startFront()
        return cistern
    }

    private init(
        _ redis: RedisServer, _ memcached: MemcachedServer, ports: (Int, Int, Int), _ name: String, _ cores: Cores,
        _ settings: Settings, _ bench: Bench
    ) {
        self.redis = redis
        self.memcached = memcached
        port = ports.0
        client = Client(port: ports.0)
        mergeClient = Client(port: ports.1)
        courierClient = Client(port: ports.2)
        self.name = name
        self.cores = cores
        self.settings = settings
        self.bench = bench
    }

    nonisolated var url: String { "http://127.0.0.1:\(port)" }

    func startFront() async throws {
        front = try await daemon("cistern-front", client, settings.front + hookNetworks)
    }

    func startMerging() async throws {
        merger = try await daemon("merge-daemon", mergeClient, settings.merge)
    }

    private func startSending() async throws {
        courier = try await daemon("courier", courierClient, hookNetworks)
    }

    private var hookNetworks: [String] { settings.sendsWebhooks ? ["--webhook-networks", "127.0.0.0/8"] : [] }

    private func daemon(_ program: String, _ client: Client, _ arguments: [String]) async throws -> Server {
        let common = [
            "--port", "\(client.port)", "--redis-url", redis.url, "--memcached", "unix://\(memcached.socket)",
            "--log-level", "warning",
        ]
        return try await Server(
            "\(name): \(program)", "\(bench.programs)/\(program)", common + settings.store + arguments, cores: cores,
            // As many event loops as cores: what “worker_processes” is to nginx.
            environment: ["NIO_SINGLETON_GROUP_LOOP_COUNT": "\(cores.count)"],
            log: "\(bench.folder)/\(name)-\(program).log"
        ) { try await client.get("/readyz").status == 200 }
    }

    /// Clients that wait for the next version, by whatever way.
    nonisolated var waiting: Int {
        get async throws {
            let ways = try await client.get("/metrics").text.split(separator: "\n").filter {
                $0.hasPrefix("cistern_poll_followers{")
            }
            return ways.reduce(0) { $0 + Int(Double($1.split(separator: " ").last ?? "") ?? 0) }
        }
    }

    /// As a power cut would.
    func killDaemons() {
        front?.kill()
        merger?.kill()
        front = nil
        merger = nil
    }

    func stop() async {
        await client.close()
        await mergeClient.close()
        await courierClient.close()
        front?.stop()
        courier?.stop()
        merger?.stop()
        redis.stop()
        memcached.stop()
    }
}
