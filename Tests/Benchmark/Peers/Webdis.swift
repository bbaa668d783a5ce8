// webdis in front of a Redis of its own. Its fastest way to take a change of 150 bytes is the body of a PUT: the value need not be
// decoded from the path.

import TestSupport

struct Webdis: Sendable {
    let port: Int
    private let server: Server

    /// How it may be set up; which is the fastest depends on the machine, so that is tried.
    struct Threads: Sendable {
        let threads: Int
        /// Connections to Redis of each.
        let connections: Int

        static let candidates = [
            Threads(threads: 1, connections: 2), Threads(threads: 2, connections: 2),
            Threads(threads: 4, connections: 2), Threads(threads: 2, connections: 8),
        ]

        var text: String { "\(threads) threads with \(connections) connections" }
    }

    static func start(_ redis: RedisServer, _ threads: Threads, in bench: Bench) async throws -> Webdis {
        let port = try await Server.freePort()
        let configuration = try bench.place(
            PackageResources.webdis_json, as: "webdis-\(port).json",
            [
                "REDIS": redis.socket, "PORT": "\(port)", "THREADS": "\(threads.threads)",
                "POOL": "\(threads.connections)", "FOLDER": bench.folder,
            ])
        let server = try await Server(
            "webdis", try ChildProcess.find("webdis", package: "webdis"), [configuration], cores: bench.serverCores,
            log: "\(bench.folder)/webdis.out"
        ) { try await Server.listens(at: port) }
        return Webdis(port: port, server: server)
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    func stop() { server.stop() }
}
