// nginx in front of the same memcached.

import NIOCore
import TestSupport

struct Nginx: Sendable {
    let port: Int
    let client: Client
    private let server: Server

    /// Bytes of `X-Pad: ` and its line end: the smallest answer is longer by this.
    private static let fieldBytes = 9

    /// - Parameters:
    ///   - poll: bytes of header that the answer to a poll is to have.
    ///   - unchanged: the same of a 304.
    static func start(
        memcached: MemcachedServer, poll: Int, unchanged: Int, pollPath: String, in bench: Bench
    ) async throws -> Nginx {
        // Once with the smallest padding, to see how much is missing.
        let bare = try await start(memcached, paddings: (1, 1), in: bench)
        let sizes = try await bare.headSizes(pollPath)
        bare.stop()
        let paddings = (1 + poll - sizes.poll, 1 + unchanged - sizes.unchanged)
        guard paddings.0 > 0, paddings.1 > 0 else {
            bench.say("nginx' headers are longer than ours by \(1 - min(paddings.0, paddings.1)) bytes.")
            return try await start(memcached, paddings: (max(1, paddings.0), max(1, paddings.1)), in: bench)
        }
        let nginx = try await start(memcached, paddings: paddings, in: bench)
        let padded = try await nginx.headSizes(pollPath)
        guard padded == (poll, unchanged) else {
            throw Wrong("nginx' headers have \(padded) bytes instead of \((poll, unchanged)).")
        }
        return nginx
    }

    private static func start(
        _ memcached: MemcachedServer, paddings: (poll: Int, unchanged: Int), in bench: Bench
    ) async throws -> Nginx {
        let port = try await Server.freePort()
        let configuration = try bench.place(
            PackageResources.nginx_conf, as: "nginx-\(port).conf",
            [
                "FOLDER": bench.folder, "PORT": "\(port)", "MEMCACHED": memcached.socket,
                "POLL_PADDING": String(repeating: "x", count: paddings.poll),
                "UNCHANGED_PADDING": String(repeating: "x", count: paddings.unchanged),
            ])
        let arguments = ["-p", bench.folder, "-c", configuration]
        let server = try await Server(
            "nginx", try ChildProcess.find("nginx", package: "nginx"), arguments, cores: bench.serverCores,
            log: "\(bench.folder)/nginx.log"
        ) { try await Server.listens(at: port) }
        return Nginx(port: port, client: Client(port: port), server: server)
    }

    private func headSizes(_ pollPath: String) async throws -> (poll: Int, unchanged: Int) {
        let poll = try await client.get(pollPath)
        let unchanged = try await client.get("/unchanged/")
        guard poll.status == 200, unchanged.status == 304 else {
            throw Wrong("nginx answered \(poll.status) and \(unchanged.status).")
        }
        return (poll.head.readableBytes, unchanged.head.readableBytes)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() { server.stop() }
}
