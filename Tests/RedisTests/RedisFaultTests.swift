import NIOCore
import Redis
import Synchronization
import TestSupport
import Testing

/// What a client does when its server dies, falls silent, talks nonsense or is not the primary.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedisFaultTests {
    /// Increments one key for as long as it is let, and keeps count of what it was told.
    private final class Counting: Sendable {
        struct Tally {
            var done = 0
            var unknown = 0
        }

        private let state = Mutex((tally: Tally(), isStopped: false))

        var tally: Tally { state.withLock { $0.tally } }
        func stop() { state.withLock { $0.isStopped = true } }

        func count(with client: RedisClient) async {
            while !state.withLock({ $0.isStopped }) {
                do throws(RedisError) {
                    _ = try await client.send(RedisCommand("INCR", "n"))
                    state.withLock { $0.tally.done += 1 }
                } catch {
                    switch error.outcome {
                    case .notSent, .answered: break
                    case .unknown: state.withLock { $0.tally.unknown += 1 }
                    }
                }
            }
        }
    }

    @Test("A server that is killed with commands in flight fails each of them, and the client comes back by itself")
    func killed() async throws {
        try await withRedis { redis in
            try await withClient(.test(redis.url)) { client in
                let connection = try await client.connection()
                let before = connection.server
                redis.pause()
                let futures = (0..<1_000).map { _ in connection.submit(RedisCommand("INCR", "n")) }
                // The loop does what it is given in order: now they are all sent.
                try await connection.eventLoop.submit {}.get()
                redis.kill()
                for future in futures {
                    let error = await #expect(throws: RedisError.self) { try await future.get() }
                    #expect(error?.outcome == .unknown)
                }
                try await redis.launch()
                try await eventually("the client has a connection to the new server") {
                    try await client.connection().server.runID != before.runID
                }
                let pong = try await client.send(RedisCommand("PING"))
                #expect(pong == .simpleString("PONG"))
            }
        }
    }

    @Test("While the server is killed again and again, no acknowledged command is lost and none is done twice")
    func killedAgainAndAgain() async throws {
        try await withRedis { redis in
            try await withClient(.test(redis.url)) { client in
                let counting = Counting()
                async let first: Void = counting.count(with: client)
                async let second: Void = counting.count(with: client)
                async let third: Void = counting.count(with: client)
                for round in 1...5 {
                    try await eventually("commands are executed in round \(round)") {
                        (Int(try redis.command("GET", "n")) ?? 0) >= round * 50
                    }
                    redis.kill()
                    try await redis.launch()
                }
                counting.stop()
                _ = await (first, second, third)
                let count = Int(try redis.command("GET", "n")) ?? 0
                let tally = counting.tally
                #expect(tally.done <= count && count <= tally.done + tally.unknown)
                #expect(tally.done >= 100)
            }
        }
    }

    @Test("Half of a script that a power cut has torn never comes to life")
    func tornScript() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url)
            try redis.command("EVAL", "for _, key in ipairs(KEYS) do redis.call('SET', key, 1) end", "3", "a", "b", "c")
            redis.kill()
            try redis.cutAppendOnlyFile(bytes: "c\r\n$1\r\n1\r\n*1\r\n$4\r\nEXEC\r\n".utf8.count)
            try await redis.launch()
            try await withConnection(configuration) { connection in
                let script = "redis.call('SET', 'd', 1) redis.call('SET', 'e', 1)"
                _ = try await connection.send(RedisCommand("EVAL", .string(script), 0))
            }
            try await eventually("the new file is whole") {
                try redis.command("INFO", "persistence").contains("aof_rewrite_in_progress:0")
            }
            redis.kill()
            try await redis.launch()
            #expect(try redis.command("MGET", "a", "b", "c", "d", "e") == "\n\n\n1\n1")
        }
    }

    @Test("A user who may not begin a new append-only file is connected all the same")
    func mayNotRewrite() async throws {
        try await withRedis { redis in
            try redis.command("ACL", "SETUSER", "default", "-bgrewriteaof")
            try await withConnection(.test(redis.url)) { connection in
                let pong = try await connection.send(RedisCommand("PING"))
                #expect(pong == .simpleString("PONG"))
            }
        }
    }

    @Test("A paused server costs the commands in flight; afterwards the client goes on")
    func paused() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url) {
                $0.commandTimeout = .milliseconds(200)
                $0.connectTimeout = .milliseconds(200)
                $0.connectionWait = .milliseconds(100)
            }
            try await withClient(configuration) { client in
                try await eventually("there is a connection") { try await client.connection().isUsable }
                redis.pause()
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("INCR", "n")) }
                #expect(error?.outcome == .unknown)
                try await eventually("the client knows that it has no connection") {
                    do throws(RedisError) {
                        _ = try await client.send(RedisCommand("PING"))
                        return false
                    } catch {
                        return error.outcome == .notSent
                    }
                }
                redis.resume()
                try await eventually("commands are answered again") {
                    try await client.send(RedisCommand("PING")) == .simpleString("PONG")
                }
            }
        }
    }

    @Test("A reply that breaks the protocol costs one connection; the client makes another")
    func violation() async throws {
        try await withRedis { redis in
            try await withClient(.test(redis.url)) { client in
                for _ in 0..<4 {
                    let error = await #expect(throws: RedisError.self) {
                        try await client.send(RedisCommand("EVAL", "return {{{{{{{{{1}}}}}}}}}", 0))
                    }
                    #expect(error?.outcome == .unknown)
                }
                let pong = try await client.send(RedisCommand("PING"))
                #expect(pong == .simpleString("PONG"))
            }
        }
    }

    @Test("A replica is not used; the client goes on trying until it is promoted")
    func promotion() async throws {
        try await withRedis(tcp: true) { primary in
            try await withRedis(replicaOf: primary) { replica in
                let configuration = try RedisConfiguration.test(replica.url) { $0.connectionWait = .milliseconds(100) }
                try await withClient(configuration) { client in
                    try await eventually("callers are told why") {
                        do throws(RedisError) {
                            _ = try await client.connection()
                            return false
                        } catch {
                            return error.description.contains("it is a replica")
                        }
                    }
                    try replica.command("REPLICAOF", "NO", "ONE")
                    try await eventually("the promoted server is used") {
                        try await client.send(RedisCommand("SET", "k", "v")) == .simpleString("OK")
                    }
                }
            }
        }
    }
}
