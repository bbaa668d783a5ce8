// A Redis and a memcached of one's own, on sockets; what they count is asked here, without the code that is being measured.

import Foundation
import NIOCore
import NIOPosix
import TestSupport

enum Fsync: String, Sendable {
    case everysec, always
}

/// Redis, with the settings that both sides of a comparison get.
struct RedisServer: Sendable {
    let socket: String
    private let server: Server

    static func start(_ name: String, fsync: Fsync, cores: Cores, in bench: Bench) async throws -> RedisServer {
        let folder = "\(bench.folder)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let socket = "\(folder)/redis.sock"
        let arguments = [
            "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "yes",
            "--appendfsync", fsync.rawValue, "--maxmemory-policy", "noeviction", "--lazyfree-lazy-expire", "yes",
            // A rewrite of the file in the middle of a measurement would be somebody else's work.
            "--auto-aof-rewrite-percentage", "0",
        ]
        let server = try await Server(
            name, "redis-server", arguments, cores: cores, log: "\(folder)/redis.log"
        ) { try Self.command(["PING"], socket) == "PONG" }
        return RedisServer(socket: socket, server: server)
    }

    var url: String { "unix://\(socket)" }

    func command(_ words: String...) throws -> String { try Self.command(words, socket) }

    private static func command(_ words: [String], _ socket: String) throws -> String {
        try RESPSocket(to: .unixSocket(path: socket), timeout: .seconds(10)).command(words)
    }

    /// A number out of INFO.
    func info(_ section: String, _ field: String) throws -> Double {
        let lines = try command("INFO", section).split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.hasPrefix("\(field):") }),
            let value = Double(line.dropFirst(field.count + 1))
        else { throw Wrong("Redis does not tell \(field).") }
        return value
    }

    /// How many scripts it has run.
    var scripts: Double {
        get throws {
            let lines = try command("INFO", "commandstats").split(whereSeparator: \.isNewline)
            guard let line = lines.first(where: { $0.hasPrefix("cmdstat_evalsha:calls=") }) else { return 0 }
            return Double(line.dropFirst("cmdstat_evalsha:calls=".count).prefix { $0.isNumber }) ?? 0
        }
    }

    func stop() { server.kill() }
}

struct MemcachedServer: Sendable {
    let socket: String
    private let server: Server

    static func start(_ name: String, cores: Cores, in bench: Bench) async throws -> MemcachedServer {
        let socket = "\(bench.folder)/\(name).sock"
        var arguments = ["-s", socket, "-I", "64m", "-m", "1024", "-t", "\(min(4, cores.count))"]
        // memcached refuses to run as root unless it is told to.
        if getuid() == 0 { arguments += ["-u", "root"] }
        let server = try await Server(
            name, "memcached", arguments, cores: cores, log: "\(bench.folder)/\(name).log"
        ) { try await Self.ask(socket, ByteBuffer(string: "version\r\n"), until: "\r\n").hasPrefix("VERSION") }
        return MemcachedServer(socket: socket, server: server)
    }

    func set(_ key: String, _ value: ByteBuffer) async throws {
        var request = ByteBuffer(string: "set \(key) 0 0 \(value.readableBytes)\r\n")
        request.writeImmutableBuffer(value)
        request.writeString("\r\n")
        let answer = try await Self.ask(socket, request, until: "\r\n")
        guard answer == "STORED\r\n" else { throw Wrong("memcached did not store \(key): \(answer)") }
    }

    /// A number out of `stats`.
    func stat(_ name: String) async throws -> Double {
        let lines = try await Self.ask(socket, ByteBuffer(string: "stats\r\n"), until: "END\r\n").split(
            separator: "\r\n")
        guard let line = lines.first(where: { $0.hasPrefix("STAT \(name) ") }),
            let value = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw Wrong("memcached does not tell \(name).") }
        return value
    }

    private static func ask(_ socket: String, _ request: ByteBuffer, until end: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var answer = ""
            for try await part in inbound {
                answer += String(buffer: part)
                if answer.hasSuffix(end) { break }
            }
            return answer
        }
    }

    func stop() { server.kill() }
}
