import NIOCore
import TestSupport
import Testing

@testable import Redis

@Suite(.serialized, .timeLimit(.minutes(2)))
struct ReplicaWaitTests {
    private func configuration(_ redis: TestRedis, replicas: Int = 1, limit: Duration = .milliseconds(300)) throws
        -> RedisConfiguration
    {
        try .test(redis.url) { $0.replicaWait = ReplicaWait(replicas: replicas, limit: limit) }
    }

    private func write(_ key: String, on connection: RedisConnection) async throws {
        _ = try await connection.send(RedisCommand("SET", .string(key), "1"))
    }

    @Test("What was waited for is on the replica; a replica that is silent or missing is too few, and the write stays")
    func waits() async throws {
        try await withReplication(sentinels: 0) { group in
            let (primary, replica) = (group.servers[0], group.servers[1])
            // What comes in time has all the time that a busy machine needs; what does not come is given up soon.
            try await withConnection(configuration(primary, limit: .seconds(10))) { patient in
                try await write("a", on: patient)
                try await patient.waitForReplicas()
                #expect(try replica.command("EXISTS", "a") == "1")
                replica.pause()
                try await withConnection(configuration(primary)) { connection in
                    try await write("b", on: connection)
                    let error = RedisError.tooFewReplicas(connection.address, have: 0, wanted: 1)
                    await #expect(throws: error) { try await connection.waitForReplicas() }
                    #expect(error.outcome == .unknown)
                }
                #expect(try primary.command("EXISTS", "b") == "1")
                replica.resume()
                try await eventually("the replica has caught up") {
                    do { try await patient.waitForReplicas() } catch { return false }
                    return true
                }
                #expect(try replica.command("EXISTS", "b") == "1")
            }
            try await withConnection(configuration(primary, replicas: 2, limit: .seconds(3))) { connection in
                try await write("c", on: connection)
                let error = RedisError.tooFewReplicas(connection.address, have: 1, wanted: 2)
                await #expect(throws: error) { try await connection.waitForReplicas() }
            }
        }
    }

    @Test("A connection that has written nothing itself waits for what others wrote before its command")
    func othersWrites() async throws {
        try await withReplication(sentinels: 0) { group in
            try await withConnection(configuration(group.servers[0])) { reader in
                group.servers[1].pause()
                try await withConnection(configuration(group.servers[0])) { writer in try await write("a", on: writer) }
                _ = try await reader.send(RedisCommand("GET", "a"))
                await #expect(throws: RedisError.self) { try await reader.waitForReplicas() }
                group.servers[1].resume()
                try await eventually("the replica has caught up") {
                    do { try await reader.waitForReplicas() } catch { return false }
                    return true
                }
            }
        }
    }

    @Test("Many that wait at once share few WAITs")
    func shared() async throws {
        try await withReplication(sentinels: 0) { group in
            let primary = group.servers[0]
            try await withConnection(configuration(primary, limit: .seconds(2))) { connection in
                try await write("a", on: connection)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for _ in 0..<100 { tasks.addTask { try await connection.waitForReplicas() } }
                    try await tasks.waitForAll()
                }
            }
            let calls = try primary.command("INFO", "commandstats").firstMatch(of: /cmdstat_wait:calls=(\d+)/)
            let count = try #require(calls.flatMap { Int($0.1) })
            #expect(count <= 20)
        }
    }

    @Test("A connection that ends while replicas are waited for leaves an outcome that is not known")
    func lost() async throws {
        try await withReplication(sentinels: 0) { group in
            try await withConnection(configuration(group.servers[0], limit: .seconds(30))) { connection in
                group.servers[1].pause()
                try await write("a", on: connection)
                let waiting = Task { try await connection.waitForReplicas() }
                try await eventually("it waits") {
                    try group.servers[0].command("INFO", "clients").contains("blocked_clients:1")
                }
                connection.close()
                let error = await #expect(throws: RedisError.self) { try await waiting.value }
                #expect(error?.outcome == .unknown)
                let after = await #expect(throws: RedisError.self) { try await connection.waitForReplicas() }
                #expect(after?.outcome == .unknown)
            }
        }
    }
}
