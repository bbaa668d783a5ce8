import Documents
import NIOCore
import NIOPosix
import SystemSupport
import TestSupport
import Testing

@Suite("Presence when servers and Redis come and go", .serialized, .timeLimit(.minutes(20)))
struct PresenceFaultTests {
    private static let two = CisternOptions(layout: .split, mergeDaemons: 0, pollers: 2)
    private static let three = CisternOptions(layout: .split, mergeDaemons: 0, pollers: 3)

    @Test("A server that is asked for the first time knows at once who is here, also those whose server was killed")
    func lateJoiner() async throws {
        try await withCistern(Self.three) { system in
            _ = try await system.appear("ann", ttl: 300, at: 0)
            _ = try await system.appear("bob", ttl: 300, at: 1)
            _ = try await system.appear("gone", ttl: 300, at: 1)
            _ = try await system.leave("gone", at: 0)
            for server in 0...1 {
                try await eventually("all is known on server \(server)") {
                    try await system.clients(at: server) == ["ann", "bob"]
                }
            }
            #expect(try await system.clients(at: 2) == ["ann", "bob"], "in the first answer")

            system.pollers[0].kill()
            #expect(try await system.clients(at: 1) == ["ann", "bob"])
            #expect(try await system.appear("cid", ttl: 300, at: 1).status == 201)
            try await system.pollers[0].launch()
            // Clients tell the server that it has its way to Redis.
            try await eventually("the new server is ready") {
                try await system.get("/readyz", from: system.pollers[0]).status == 200
            }
            try await eventually(within: .seconds(3), "the server that began anew knows all") {
                try await system.clients(at: 0) == ["ann", "bob", "cid"]
            }
        }
    }

    @Test("The clients of a server that was killed stay until their time is over, and then go everywhere")
    func killedServer() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", ttl: 3, at: 0)
            _ = try await system.appear("bob", ttl: 300, at: 1)
            try await eventually("both are known") { try await system.clients(at: 1) == ["ann", "bob"] }
            system.pollers[0].kill()
            let tag = try #require(try await system.present(at: 1)["ETag"])
            let answer = try await system.present(at: 1, headers: [("If-None-Match", tag), ("Prefer", "wait=20")])
            #expect(answer.text == #"{"clients":{"bob":{"value":{"x":1}}}}"#)
        }
    }

    @Test("With Redis away each server goes on with its own clients; when it is back, all know all again")
    func redisRestarted() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", ttl: 300, at: 0)
            _ = try await system.appear("bob", ttl: 300, at: 1)
            for server in 0...1 {
                try await eventually("both are on \(server)") {
                    try await system.clients(at: server) == ["ann", "bob"]
                }
            }
            system.redis.stop()
            #expect(try await system.appear("cid", "1", ttl: 300, at: 0).status == 201)
            #expect(try await system.appear("dan", "1", ttl: 300, at: 1).status == 201)
            #expect(try await system.leave("ann", at: 1).status == 204)
            #expect(try await system.clients(at: 0) == ["ann", "bob", "cid"])
            #expect(try await system.clients(at: 1) == ["bob", "dan"])
            let start = ContinuousClock.now
            #expect(try await system.appear("eve", in: "fresh", at: 0).status == 201)
            #expect(try await system.clients(in: "fresh", at: 0) == ["eve"])
            #expect(ContinuousClock.now - start < .seconds(3), "nobody waits for Redis")
            try await system.redis.launch()
            for server in 0...1 {
                try await eventually("all is on server \(server) again") {
                    try await system.clients(at: server) == ["bob", "cid", "dan"]
                }
                try await eventually("the new one is on server \(server)") {
                    try await system.clients(in: "fresh", at: server) == ["eve"]
                }
            }
        }
    }

    @Test("Servers that were cut off from messages only are told what they missed")
    func subscribersCut() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", "0", ttl: 300, at: 0)
            try await eventually("it is known") { try await system.clients(at: 1) == ["ann"] }
            for round in 1...10 {
                try system.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                _ = try await system.appear("ann", "\(round)", ttl: 300, at: round % 2)
                _ = try await system.appear("bob", "\(round)", ttl: 300, at: 0)
            }
            for server in 0...1 {
                try await eventually("the last is on server \(server)") {
                    try await system.present(at: server).text
                        == #"{"clients":{"ann":{"value":10},"bob":{"value":10}}}"#
                }
            }
        }
    }

    @Test("Whatever is published on the channel, answers hold nothing but what clients have put")
    func hostileMessages() async throws {
        try await withCistern(Self.two) { system in
            _ = try await system.appear("ann", "1", ttl: 300)
            #expect(try await system.clients() == ["ann"])
            let channels = try system.redis.command("PUBSUB", "CHANNELS", "*presence:board").split(separator: "\n")
            let channel = String(try #require(channels.first))
            for message in [
                "", "x", "\u{1}\u{1}", "\u{1}\u{0}", #"{"clients":{}}"#, String(repeating: "\u{1}", count: 200_000),
            ] {
                try system.redis.command("PUBLISH", channel, message)
            }
            _ = try await system.appear("bob", "1", ttl: 300, at: 1)
            try await eventually("the server goes on") { try await system.clients() == ["ann", "bob"] }
            let metrics = try await system.get("/metrics", from: system.poller).text
            #expect(metrics.contains(/cistern_presence_messages_refused_total [1-9]/), "\(metrics.suffix(2_000))")
        }
    }

    @Test("Clients that hop between two servers as fast as they can end the same on both")
    func hopping() async throws {
        try await withCistern(Self.two) { system in
            for round in 0..<60 {
                async let first = system.appear("ann", "\(round)", ttl: 300, at: round % 2)
                async let second = system.appear("bob", "\(round)", ttl: 300, at: (round + 1) % 2)
                _ = try await (first, second)
            }
            let expected = #"{"clients":{"ann":{"value":59},"bob":{"value":59}}}"#
            for server in 0...1 {
                try await eventually("the last is on server \(server)") {
                    try await system.present(at: server).text == expected
                }
            }
        }
    }

    @Test("A long poll whose client has gone is given up, and its place is free again")
    func clientGone() async throws {
        try await withCistern(Self.two) { system in
            let tag = try #require(try await system.present()["ETag"])
            let request =
                "GET /v1/apps/board/presence HTTP/1.1\r\nHost: x\r\nIf-None-Match: \(tag)\r\nPrefer: wait=60\r\n\r\n"
            let channels = try await withThrowingTaskGroup(of: (any Channel).self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                            .connect(host: "127.0.0.1", port: system.poller.port).get()
                        try await channel.writeAndFlush(ByteBuffer(string: request))
                        return channel
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            func waiting() async throws -> Int? {
                let metrics = try await system.get("/metrics", from: system.poller).text
                return metrics.firstMatch(of: /cistern_presence_waiting (\d+)/).flatMap { Int($0.1) }
            }
            try await eventually("all of them wait") { try await waiting() == 20 }
            for channel in channels { try await channel.close() }
            try await eventually(within: .seconds(5), "none of them waits") { try await waiting() == 0 }
        }
    }
}
