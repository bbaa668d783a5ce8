import NIOCore
import Redis
import TestSupport
import Testing

/// One connection to a real server.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedisConnectionTests {
    @Test("Ten thousand commands sent at once get their own replies, in order", arguments: [false, true])
    func manyCommands(tcp: Bool) async throws {
        try await withRedis(options: ["appendfsync": "no"], tcp: tcp) { redis in
            let configuration = try RedisConfiguration.test(redis.tcpURL ?? redis.url) { $0.inFlight.commands = 10_000 }
            try await withConnection(configuration) { connection in
                let futures = (0..<10_000).map { connection.submit(RedisCommand("ECHO", .integer($0))) }
                for (index, future) in futures.enumerated() {
                    let echo = try await future.get()
                    #expect(echo.integer == Int64(index))
                }
            }
        }
    }

    @Test("Every kind of reply comes through, and bytes are kept as they are")
    func kinds() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let bytes: [UInt8] = [0, 13, 10, 255, 36]
                let stored = try await connection.send(RedisCommand("SET", "k", .bytes(bytes)))
                #expect(stored == .simpleString("OK"))
                let found = try await connection.send(RedisCommand("GET", "k"))
                #expect(found == .bulk(bytes))
                let missing = try await connection.send(RedisCommand("GET", "missing"))
                #expect(missing == .null)
                let counted = try await connection.send(RedisCommand("INCRBY", "n", -5))
                #expect(counted == .integer(-5))
                #expect(
                    try await connection.send(RedisCommand("MGET", "k", "missing")) == .array([.bulk(bytes), .null]))
                await #expect(
                    throws: RedisError.refused(
                        RedisErrorReply(message: "WRONGTYPE Operation against a key holding the wrong kind of value"),
                        connection.address)
                ) {
                    try await connection.send(RedisCommand("RPUSH", "k", "x"))
                }
            }
        }
    }

    @Test("A value of four megabytes goes there and back")
    func large() async throws {
        try await withRedis(options: ["appendfsync": "no"]) { redis in
            try await withConnection(.test(redis.url)) { connection in
                let bytes = Array(repeatElement(Array(0...250 as ClosedRange<UInt8>), count: 16_000).joined())
                _ = try await connection.send(RedisCommand("SET", "k", .bytes(bytes)))
                let found = try await connection.send(RedisCommand("GET", "k"))
                #expect(found == .bulk(bytes))
            }
        }
    }

    @Test("A reply nested deeper than seven closes the connection; its outcome is unknown")
    func depth() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let error = await #expect(throws: RedisError.self) {
                    try await connection.send(RedisCommand("EVAL", "return {{{{{{{{{1}}}}}}}}}", 0))
                }
                #expect(error?.outcome == .unknown)
                await connection.closed()
                let afterwards = await #expect(throws: RedisError.self) {
                    try await connection.send(RedisCommand("PING"))
                }
                #expect(afterwards?.outcome == .notSent)
            }
        }
    }

    @Test("An error reply with binary bytes in it is an error like any other")
    func binaryError() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let error = await #expect(throws: RedisError.self) {
                    try await connection.send(RedisCommand("EVAL", "return redis.error_reply('ODD \\255\\0\\254')", 0))
                }
                guard case .refused(let reply, _) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(reply.code == "ODD")
                let pong = try await connection.send(RedisCommand("PING"))
                #expect(pong == .simpleString("PONG"))
            }
        }
    }

    @Test("A password lets in, a database is chosen")
    func authentication() async throws {
        try await withRedis(options: ["requirepass": "s3cret"]) { redis in
            try await withConnection(.test("unix://:s3cret@\(redis.socketPath)?db=3")) { connection in
                _ = try await connection.send(RedisCommand("SET", "k", "v"))
            }
            #expect(try redis.command("DBSIZE") == "0")
            #expect(try redis.command("INFO", "keyspace").contains("db3:keys=1"))
        }
    }

    @Test("A wrong or missing password is said so, without the password", arguments: ["", ":wr0ng@", "nobody:wr0ng@"])
    func wrongPassword(credentials: String) async throws {
        try await withRedis(options: ["requirepass": "s3cret"]) { redis in
            let error = await #expect(throws: RedisError.self) {
                try await withConnection(.test("unix://\(credentials)\(redis.socketPath)")) { _ in }
            }
            guard case .authenticationFailed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description.contains("wr0ng") == false)
        }
    }

    @Test("A password for a server that has none is a failure to be let in")
    func superfluousPassword() async throws {
        try await withRedis { redis in
            let error = await #expect(throws: RedisError.self) {
                try await withConnection(.test("unix://ann:pw@\(redis.socketPath)")) { _ in }
            }
            guard case .authenticationFailed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("A connection knows which server it found")
    func identity() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                let info = try redis.command("INFO", "everything")
                #expect(connection.server.role == .primary)
                #expect(info.contains("run_id:\(connection.server.runID)"))
                #expect(info.contains("master_replid:\(connection.server.masterReplID)"))
                #expect(connection.server.masterReplID2 == String(repeating: "0", count: 40))
                #expect(try redis.command("CLIENT", "LIST").contains("name=cistern"))
                let before = connection.server
                let again = try await connection.refreshIdentity()
                #expect(again == before)
            }
        }
    }

    @Test("A replica is refused, and a connection whose server became one is given up")
    func replica() async throws {
        try await withRedis(tcp: true) { primary in
            try await withRedis(replicaOf: primary) { replica in
                let error = await #expect(throws: RedisError.self) {
                    try await withConnection(.test(replica.url)) { _ in }
                }
                guard case .notPrimary = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                try replica.command("REPLICAOF", "NO", "ONE")
                try await withConnection(.test(replica.url)) { connection in
                    #expect(connection.server.masterReplID2 != String(repeating: "0", count: 40))
                    try replica.command("REPLICAOF", "127.0.0.1", "\(primary.port ?? 0)")
                    await #expect(throws: RedisError.self) {
                        try await connection.send(RedisCommand("SET", "k", "v"))
                    }
                    await connection.closed()
                    #expect(!connection.isUsable)
                }
            }
        }
    }

    @Test("A command over the number in flight is refused and was not sent")
    func inFlightLimit() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url) { $0.inFlight.commands = 10 }
            try await withConnection(configuration) { connection in
                redis.pause()
                let taken = (0..<10).map { _ in connection.submit(RedisCommand("INCR", "n")) }
                let error = await #expect(throws: RedisError.self) {
                    try await connection.send(RedisCommand("INCR", "n"))
                }
                #expect(error == .tooManyInFlight(connection.address, limit: 10))
                redis.resume()
                for future in taken { _ = try await future.get() }
                let counted = try await connection.send(RedisCommand("GET", "n"))
                #expect(counted.integer == 10)
            }
        }
    }

    @Test("A silent server runs into the time limit: everything in flight fails, the outcome unknown")
    func timeout() async throws {
        try await withRedis { redis in
            let configuration = try RedisConfiguration.test(redis.url) { $0.commandTimeout = .milliseconds(200) }
            try await withConnection(configuration) { connection in
                redis.pause()
                defer { redis.resume() }
                for future in [
                    connection.submit(RedisCommand("INCR", "n")), connection.submit(RedisCommand("INCR", "n")),
                ] {
                    let error = await #expect(throws: RedisError.self) { try await future.get() }
                    #expect(error?.outcome == .unknown)
                }
                await connection.closed()
            }
        }
    }

    @Test("A server that takes connections and says nothing is given up after the time to connect")
    func silentHandshake() async throws {
        try await withRedis { redis in
            redis.pause()
            defer { redis.resume() }
            let configuration = try RedisConfiguration.test(redis.url) { $0.connectTimeout = .milliseconds(200) }
            let error = await #expect(throws: RedisError.self) { try await withConnection(configuration) { _ in } }
            #expect(error?.outcome == .notSent)
        }
    }

    @Test("Draining gives every command in flight its reply and takes no more")
    func drain() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                redis.pause()
                let futures = (0..<100).map { _ in connection.submit(RedisCommand("INCR", "n")) }
                connection.drain()
                try await eventually("the connection says it takes no more") { !connection.isUsable }
                let refused = connection.submit(RedisCommand("INCR", "n"))
                redis.resume()
                for (index, future) in futures.enumerated() {
                    let count = try await future.get()
                    #expect(count == .integer(Int64(index + 1)))
                }
                await #expect(throws: RedisError.connectionClosing(connection.address)) { try await refused.get() }
                await connection.closed()
            }
        }
    }
}
