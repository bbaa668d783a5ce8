import NIOCore
import Redis
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct RedisScriptTests {
    private static func script() -> RedisScript {
        RedisScript(name: "count", source: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), KEYS[1]}")
    }

    @Test("A script is loaded when it is first needed, and again after SCRIPT FLUSH and after a restart")
    func reload() async throws {
        try await withRedis { redis in
            try await withClient(.test(redis.url)) { client in
                let script = Self.script()
                for round in 1...2 {
                    let reply = try await client.connection().evaluate(script, keys: ["n"], arguments: [2])
                    #expect(reply == .array([.integer(Int64(round * 2)), .bulk(Array("n".utf8))]))
                }
                try redis.command("SCRIPT", "FLUSH")
                let afterFlush = try await client.connection().evaluate(script, keys: ["n"], arguments: [2])
                #expect(afterFlush.array?.first == .integer(6))
                let old = try await client.connection()
                try await redis.restart()
                await old.closed()
                let afterRestart = try await client.connection().evaluate(script, keys: ["n"], arguments: [2])
                #expect(afterRestart.array?.first == .integer(8))
            }
        }
    }

    /// What the form for callers on the event loop answers.
    private static func evaluateOnLoop(
        _ script: RedisScript, on connection: RedisConnection
    ) async throws -> Result<RESPValue, RedisError> {
        let promise = connection.eventLoop.makePromise(of: Result<RESPValue, RedisError>.self)
        connection.eventLoop.execute {
            connection.evaluate(script, keys: ["n"], arguments: [1]) { promise.succeed($0) }
        }
        return try await promise.futureResult.get()
    }

    @Test(
        "The form for callers on the event loop says that a script is not loaded, or not any more, and has done nothing"
    )
    func onEventLoop() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let script = Self.script()
                for round in 1...2 {
                    guard case .failure(let error) = try await Self.evaluateOnLoop(script, on: connection) else {
                        Issue.record("an unknown script was run")
                        return
                    }
                    #expect(error.isUnknownScript)
                    _ = try await connection.evaluate(script, keys: ["n"], arguments: [1])
                    let reply = try await Self.evaluateOnLoop(script, on: connection).get()
                    #expect(reply.array?.first == .integer(Int64(2 * round)))
                    try redis.command("SCRIPT", "FLUSH")
                }
            }
        }
    }

    @Test("An error inside a script is handed on and not tried again")
    func failing() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let script = RedisScript(
                    name: "fails", source: "redis.call('INCR', KEYS[1]); return redis.error_reply('MINE no')")
                let error = await #expect(throws: RedisError.self) {
                    try await connection.evaluate(script, keys: ["n"], arguments: [])
                }
                #expect(error == .refused(RedisErrorReply(message: "MINE no"), connection.address))
                let count = try await connection.send(RedisCommand("GET", "n"))
                #expect(count.integer == 1)
            }
        }
    }
}
