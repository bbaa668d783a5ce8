import ChangeLog
import Documents
import Fold
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Presence

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
private let group = MultiThreadedEventLoopGroup.singleton

private func application(_ name: String) throws -> ApplicationID { try ApplicationID(name) }

/// As many servers as are asked for, on one Redis.
private func withServers(
    _ count: Int, _ configuration: PresenceConfiguration = PresenceConfiguration(),
    _ body: @escaping @Sendable ([Presences]) async throws -> Void
) async throws {
    try await withServers(count, configuration, commandTimeout: .seconds(5)) { servers, _ in try await body(servers) }
}

private func withServers(
    _ count: Int, _ configuration: PresenceConfiguration = PresenceConfiguration(), commandTimeout: Duration,
    _ body: @escaping @Sendable ([Presences], TestRedis) async throws -> Void
) async throws {
    try await withRedis { redis in
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { tasks.cancelAll() }
            var servers: [Presences] = []
            for _ in 0..<count {
                var redisConfiguration = RedisConfiguration(address: try RedisAddress(redis.url))
                redisConfiguration.commandTimeout = commandTimeout
                let client = RedisClient(configuration: redisConfiguration, eventLoopGroup: group, logger: quiet)
                let subscriber = RedisSubscriber(
                    configuration: redisConfiguration, eventLoop: group.next(), logger: quiet)
                tasks.addTask { try await client.run() }
                tasks.addTask { try await subscriber.run() }
                let settings = try await StoreSettings.load(
                    from: client, initial: StoreSettings(partitions: 4, limits: .standard))
                let channels = PresenceChannels(client: client, subscriber: subscriber, settings: settings)
                let server = Presences(channels: channels, eventLoopGroup: group, configuration: configuration)
                tasks.addTask { try await server.run() }
                servers.append(server)
            }
            try await body(servers, redis)
        }
    }
}

/// What an observer was told.
private final class Told: Sendable {
    private let contents = Mutex<[String]>([])

    func note(_ content: PresenceContent) { contents.withLock { $0.append(String(buffer: content.body)) } }
    var all: [String] { contents.withLock { $0 } }
}

@Suite("Presence for the live part of a server", .timeLimit(.minutes(1)))
struct PresencesTests {
    @Test("An observer is told who is here, on its event loop, and again whenever that has changed, at any server")
    func observation() async throws {
        try await withServers(2) { servers in
            let board = try application("board")
            _ = try servers[0].put(client("ann"), .integer(1), in: board)
            let told = Told()
            let loop = group.next()
            let observation = try servers[1].observe(board, on: loop) { content in
                loop.preconditionInEventLoop()
                told.note(content)
            }
            try await eventually("it is told who was here before") {
                told.all.last == #"{"clients":{"ann":{"value":1}}}"#
            }
            _ = try servers[0].put(client("bob"), .integer(2), in: board)
            try await eventually("it is told who has come") {
                told.all.last == #"{"clients":{"ann":{"value":1},"bob":{"value":2}}}"#
            }
            try servers[0].remove(client("ann"), from: board)
            try await eventually("it is told who has gone") { told.all.last == #"{"clients":{"bob":{"value":2}}}"# }
            #expect(zip(told.all, told.all.dropFirst()).allSatisfy { $0 != $1 }, "nothing is told twice")

            observation.cancel()
            let before = told.all.count
            let other = Told()
            let second = try servers[1].observe(board, on: loop) { other.note($0) }
            _ = try servers[0].put(client("cid"), .integer(3), in: board)
            try await eventually("another is told") { other.all.last?.contains("cid") == true }
            #expect(told.all.count == before, "who has cancelled is told nothing")
            withExtendedLifetime(second) {}
        }
    }

    @Test("A message that Redis does not answer to in time holds nothing up that is said later")
    func silentRedis() async throws {
        let timeout = Duration.milliseconds(100)
        try await withServers(2, commandTimeout: timeout) { servers, redis in
            let board = try application("board")
            func knows(_ name: String) throws -> Bool {
                String(buffer: try servers[1].look(at: board).look.content.body).contains(name)
            }
            _ = try servers[0].put(client("ann"), .integer(1), in: board)
            try await eventually("the first is known") { try knows("ann") }
            redis.pause()
            _ = try servers[0].put(client("bob"), .integer(2), in: board)
            // Until it is certain that nobody waits for the answer any more.
            try await Task.sleep(for: timeout * 5)
            redis.resume()
            _ = try servers[0].put(client("cid"), .integer(3), in: board)
            try await eventually("those that came later are known") { try knows("bob") && knows("cid") }
        }
    }

    @Test("A notice without anything new is none for an observer that has been told")
    func nothingNew() async throws {
        var table = PresenceTable(server: 1, limit: 10)
        let told = Told()
        var watchers = PresenceWatchers()
        let empty = PresenceContent(of: table)
        _ = watchers.add(.init(eventLoop: group.next()) { told.note($0) }, tellNow: empty)
        _ = watchers.notify { empty }
        _ = table.put("ann", "1", at: .now, clock: 1)
        let full = PresenceContent(of: table)
        for _ in 0..<3 { _ = watchers.notify { full } }
        try await eventually("it is told") { told.all.count >= 2 }
        table.remove("ann", at: .now, clock: 1)
        let last = PresenceContent(of: table)
        _ = watchers.notify { last }
        try await eventually("it is told the last") { told.all.last == #"{"clients":{}}"# && told.all.count > 1 }
        #expect(told.all.count == 3)
    }

    @Test("Fifty clients that move all the time are told together, and the last of it is told")
    func coalescing() async throws {
        try await withServers(2) { servers in
            let board = try application("board")
            let told = [Told(), Told()]
            let observations = try zip(servers, told).map { server, told in
                try server.observe(board, on: group.next()) { told.note($0) }
            }
            let start = ContinuousClock.now
            for round in 0..<40 {
                for number in 0..<50 {
                    _ = try servers[number % 2].put(client("c\(number)"), .integer(round), in: board)
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            let bound = Int((ContinuousClock.now - start) / .milliseconds(50)) + 3
            try await eventually("both have the last") {
                told.allSatisfy {
                    $0.all.last?.contains(#""c49":{"value":39}"#) == true && $0.all.last == told[0].all.last
                }
            }
            for told in told { #expect(told.all.count <= bound + 2, "\(told.all.count) notices of 2,000 changes") }
            withExtendedLifetime(observations) {}
        }
    }

    @Test("Documents, clients, applications and memory are bounded")
    func limits() async throws {
        var configuration = PresenceConfiguration()
        configuration.applications = 3
        configuration.clients = 10
        configuration.documentBytes = 1_000
        configuration.bytes = 20_000
        try await withServers(1, configuration) { servers in
            let server = servers[0]
            let large = Document.string(String(repeating: "x", count: 998))
            #expect(throws: PresenceRefusal.documentTooLarge(limit: 1_000)) {
                try server.put(client("c"), .string(String(repeating: "x", count: 999)), in: try application("a"))
            }
            for number in 0..<10 {
                #expect(try server.put(client("c\(number)"), large, in: try application("a")).isNew)
            }
            #expect(throws: PresenceRefusal.tooManyClients(limit: 10)) {
                try server.put(client("d"), .null, in: try application("a"))
            }
            for number in 0..<5 { #expect(try server.put(client("c\(number)"), large, in: try application("b")).isNew) }
            #expect(throws: PresenceRefusal.noRoom) { try server.put(client("e"), large, in: try application("b")) }
            #expect(try server.put(client("e"), .null, in: try application("c")).isNew)
            #expect(throws: PresenceRefusal.tooManyApplications(limit: 3)) {
                try server.put(client("e"), .null, in: try application("d"))
            }
            #expect(try !server.put(client("c4"), large, in: try application("b")).isNew, "who is here may stay")
            // What goes makes room again.
            for number in 0..<10 { try server.remove(client("c\(number)"), from: try application("a")) }
            #expect(try server.put(client("e"), large, in: try application("b")).isNew)
        }
    }

    @Test("What others tell is held within the memory, too")
    func mergedWithinMemory() async throws {
        var configuration = PresenceConfiguration()
        configuration.bytes = 3_000
        try await withServers(1, configuration) { small in
            let board = try application("board")
            let following = try small[0].look(at: board).following
            for number in 0..<100 {
                let record = PresenceRecord(
                    client: client("c\(number)"), stamp: PresenceStamp(milliseconds: 1, server: 1),
                    value: json("1"), remaining: .seconds(300))
                following.receive(.message(PresenceMessage.records([record]).encoded))
            }
            let (look, _) = try small[0].look(at: board)
            let document = try Document(parsing: Array(buffer: look.content.body))
            #expect((1...12).contains(document["clients"]?.count ?? 0))
        }
    }

    @Test("An application that nobody asks about any more is not followed any more, and its memory is free")
    func idle() async throws {
        var configuration = PresenceConfiguration()
        configuration.idleTime = .milliseconds(50)
        configuration.bytes = 2_000
        configuration.applications = 1
        try await withServers(1, configuration) { servers in
            for name in ["a", "b", "c"] {
                let large = Document.string(String(repeating: "x", count: 1_500))
                try await eventually("there is room for \(name)") {
                    (try? servers[0].put(client("ann"), large, for: .milliseconds(100), in: try application(name)))?
                        .isNew == true
                }
            }
            let observed = try servers[0].observe(try application("c"), on: group.next()) { _ in }
            try await eventually("the client is gone") {
                try servers[0].look(at: try application("c")).look.content.body.readableBytes < 100
            }
            try await Task.sleep(for: .milliseconds(200))
            #expect(servers[0].applicationCount == 1, "it is still observed")
            observed.cancel()
            try await eventually("nothing is followed") { servers[0].applicationCount == 0 }
        }
    }
}
