import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Redis

/// Clients that find their primary themselves, with real sentinels.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct PrimaryTests {
    /// Sets a key on whatever the client takes for the primary, until one is.
    private func insist(_ client: RedisClient, on key: String) async throws {
        try await eventually(within: .seconds(30), "\(key) is set") {
            try await client.send(RedisCommand("SET", .string(key), "1")) == .simpleString("OK")
        }
    }

    private func port(of client: RedisClient) async throws -> Int? {
        switch try await client.connection().address.target {
        case .tcp(_, let port): port
        case .unixSocket, .list, .sentinels: nil
        }
    }

    @Test(
        "When the primary is killed the client goes on with the replica that sentinels promote, and so does the subscriber"
    )
    func killed() async throws {
        try await withReplication(sentinels: 3) { group in
            let old = group.servers[0]
            let configuration = try RedisConfiguration.test(group.url)
            try await withClient(configuration) { client in
                try await withSubscriber(configuration) { subscriber in
                    let heard = Mutex<[RedisSubscriptionEvent]>([])
                    let subscription = try subscriber.subscribe(to: "news") { event in
                        heard.withLock { $0.append(event) }
                    }
                    defer { subscription.cancel() }
                    try await insist(client, on: "before")
                    // One that connects for the first time after the promotion is not told that it was away.
                    try await eventually("the subscriber listens") {
                        try old.command("PUBSUB", "NUMSUB", "news") == "news\n1"
                    }
                    #expect(try await port(of: client) == old.port)
                    try await eventually("the replica has it") {
                        try group.servers[1].command("EXISTS", "before") == "1"
                    }
                    old.kill()
                    let new = try await group.promotion(from: old)
                    try await insist(client, on: "after")
                    #expect(try new.command("MGET", "before", "after") == "1\n1")
                    #expect(try await port(of: client) == new.port)
                    try await eventually("the subscriber is told") { heard.withLock { $0.contains(.resubscribed) } }
                    try new.command("PUBLISH", "news", "x")
                    try await eventually("messages arrive") { heard.withLock { $0.contains(.message([120])) } }
                }
            }
        }
    }

    @Test(
        "A primary that slept through a promotion gets no command any more, and its data is that of the new one in the end"
    )
    func slept() async throws {
        try await withReplication { group in
            let old = group.servers[0]
            let configuration = try RedisConfiguration.test(group.url) { $0.commandTimeout = .seconds(600) }
            try await withClient(configuration) { client in
                try await insist(client, on: "before")
                let connection = try await client.connection()
                // A primary answers before its replica has heard of it.
                try await eventually("the replica has it") {
                    try group.servers[1].command("EXISTS", "before") == "1"
                }
                old.pause()
                // Were it not closed because another one is primary, it would be answered when the old one wakes up.
                let lost = connection.submit(RedisCommand("SET", "lost", "1"))
                let new = try await group.promotion(from: old)
                try await eventually("the connection to the old one is closed") { !connection.isUsable }
                let error = await #expect(throws: RedisError.self) { try await lost.get() }
                #expect(error?.outcome == .unknown)
                try await insist(client, on: "after")
                old.resume()
                for number in 0..<200 { try await insist(client, on: "awake-\(number)") }
                #expect(try new.command("EXISTS", "awake-0", "awake-199") == "2")
                try await group.settled()
                let values = try old.command("MGET", "before", "after", "lost")
                #expect(values == "1\n1\n")
            }
        }
    }

    @Test("Of a list the primary is used, and after a promotion by hand the other one, though the old one is alive")
    func list() async throws {
        try await withReplication(sentinels: 0) { group in
            let (old, new) = (group.servers[0], group.servers[1])
            try await withClient(.test(group.listURL)) { client in
                try await insist(client, on: "before")
                #expect(try await port(of: client) == old.port)
                try await eventually("the replica has it") { try new.command("EXISTS", "before") == "1" }
                try new.command("REPLICAOF", "NO", "ONE")
                try await eventually("the promoted one is used") { try await port(of: client) == new.port }
                try await insist(client, on: "after")
                #expect(try new.command("EXISTS", "after") == "1")
            }
        }
    }

    @Test("A sentinel that names a replica costs attempts; once it names the primary, that is used")
    func namesReplica() async throws {
        try await withReplication(sentinels: 0) { group in
            let sentinel = try await FakeSentinel(naming: group.servers[1].port ?? 0)
            defer { sentinel.stop() }
            let configuration = try RedisConfiguration.test("redis+sentinel://\(sentinel.endpoint)/any") {
                $0.connectionWait = .milliseconds(200)
            }
            try await withClient(configuration) { client in
                try await eventually("callers are told why") {
                    do throws(RedisError) {
                        _ = try await client.connection()
                        return false
                    } catch {
                        return error.description.contains("it is a replica")
                    }
                }
                sentinel.name(group.servers[0].port ?? 0, configEpoch: 1)
                try await insist(client, on: "k")
                #expect(try group.servers[0].command("EXISTS", "k") == "1")
            }
        }
    }

    @Test(
        "Connections leave a primary as soon as a sentinel names another one, and not for a sentinel that missed that")
    func leaves() async throws {
        try await withRedis(tcp: true) { first in
            try await withRedis(tcp: true) { second in
                let (a, b) = (try #require(first.port), try #require(second.port))
                let one = try await FakeSentinel(naming: a, configEpoch: 1)
                let other = try await FakeSentinel(naming: a, configEpoch: 1)
                defer { other.stop() }
                try await withClient(.test("redis+sentinel://\(one.endpoint),\(other.endpoint)/any")) { client in
                    let connection = try await client.connection()
                    #expect(try await port(of: client) == a)
                    one.name(b, configEpoch: 2)
                    try await eventually("the connection is closed") { !connection.isUsable }
                    try await eventually("the other one is used") { try await port(of: client) == b }
                    one.stop()
                    let kept = try await client.connection()
                    for _ in 0..<20 {
                        try await Task.sleep(for: .milliseconds(50))
                        #expect(try await port(of: client) == b)
                    }
                    #expect(kept.isUsable)
                }
            }
        }
    }

    @Test("Sentinels and servers have passwords of their own")
    func passwords() async throws {
        let options = ["requirepass": "inner", "masterauth": "inner"]
        let settings = ["sentinel auth-pass \(TestSentinel.name) inner"]
        try await withReplication(options: options, sentinelPassword: "outer", sentinelSettings: settings) { group in
            let url = group.url.replacing("redis+sentinel://", with: "redis+sentinel://:inner@")
            try await withClient(.test(url + "?sentinel=:outer")) { client in try await insist(client, on: "k") }
            let wrong = try RedisConfiguration.test(url + "?sentinel=:wrong") { $0.connectionWait = .seconds(2) }
            try await withClient(wrong) { client in
                let error = await #expect(throws: RedisError.self) { try await client.connection() }
                #expect(error?.description.contains("WRONGPASS") == true)
            }
        }
    }
}
