import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import TestSupport
import Testing

/// A client that keeps its connections to a real server.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RedisClientTests {
    @Test("A client connects to a server that is started after it")
    func lateServer() async throws {
        try await withRedis { redis in
            redis.stop()
            try await withClient(.test(redis.url)) { client in
                async let reply = client.send(RedisCommand("PING"))
                try await redis.launch()
                let pong = try await reply
                #expect(pong == .simpleString("PONG"))
            }
        }
    }

    @Test("Without a server a caller is told after the time it may wait, with the reason")
    func noServer() async throws {
        let configuration = try RedisConfiguration.test("unix:///nowhere/redis.sock") {
            $0.connectionWait = .milliseconds(100)
        }
        try await withClient(configuration) { client in
            try await eventually("the error tells what the last attempt failed with") {
                do throws(RedisError) {
                    _ = try await client.send(RedisCommand("PING"))
                    return false
                } catch {
                    #expect(error.outcome == .notSent)
                    return error.description.contains("No such file")
                }
            }
        }
    }

    @Test("Callers who wait for a connection are bounded in number")
    func waitingLimit() async throws {
        let configuration = try RedisConfiguration.test("unix:///nowhere/redis.sock") {
            $0.connectionWait = .milliseconds(500)
            $0.waitingLimit = 2
        }
        try await withClient(configuration) { client in
            let errors = await withTaskGroup(of: RedisError?.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        do throws(RedisError) {
                            _ = try await client.connection()
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.filter { $0 == .tooManyWaiting(configuration.address, limit: 2) }.count == 1)
            #expect(errors.filter { if case .notConnected = $0 { true } else { false } }.count == 2)
        }
    }

    @Test("A cancelled caller does not wait any longer")
    func cancelledCaller() async throws {
        try await withClient(.test("unix:///nowhere/redis.sock")) { client in
            let caller = Task {
                do throws(RedisError) {
                    _ = try await client.connection()
                    return RedisError?.none
                } catch {
                    return error
                }
            }
            caller.cancel()
            #expect(await caller.value == .cancelled)
        }
    }

    @Test("Hundreds of tasks share the connections, and each gets its own replies")
    func manyTasks() async throws {
        try await withRedis { redis in
            try await withClient(.test(redis.url)) { client in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for task in 0..<300 {
                        group.addTask {
                            for round in 0..<10 {
                                let text = "\(task)-\(round)"
                                let echo = try await client.send(RedisCommand("ECHO", .string(text)))
                                guard echo.string == text else { return false }
                            }
                            return true
                        }
                    }
                    for try await gotItsOwn in group { #expect(gotItsOwn) }
                }
            }
        }
    }

    @Test("On an event loop of the group a caller gets that loop's connection; elsewhere they take turns")
    func eventLoops() async throws {
        try await withRedis { redis in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let client = RedisClient(configuration: try .test(redis.url), eventLoopGroup: group, logger: quiet)
            let running = Task { try await client.run() }
            try await eventually("both loops have a connection") {
                let seen = (0..<2).compactMap { _ in client.readyConnection().map { ObjectIdentifier($0) } }
                return Set(seen).count == 2
            }
            for loop in group.makeIterator() {
                let isHere = try await loop.submit { client.readyConnection()?.eventLoop === loop }.get()
                #expect(isHere)
            }
            running.cancel()
            try await running.value
            try await group.shutdownGracefully()
        }
    }

    @Test("A graceful shutdown gives every command in flight its reply, refuses further ones, and ends")
    func gracefulShutdown() async throws {
        try await withRedis { redis in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let client = RedisClient(configuration: try .test(redis.url), eventLoopGroup: group, logger: quiet)
            let services = ServiceGroup(services: [client], logger: quiet)
            let running = Task { try await services.run() }
            let connection = try await client.connection()
            redis.pause()
            let futures = (0..<1_000).map { _ in connection.submit(RedisCommand("INCR", "n")) }
            await services.triggerGracefulShutdown()
            try await eventually("further callers are refused") {
                do throws(RedisError) {
                    _ = try await client.connection()
                    return false
                } catch {
                    return error == .shuttingDown(connection.address)
                }
            }
            redis.resume()
            for (index, future) in futures.enumerated() {
                let count = try await future.get()
                #expect(count == .integer(Int64(index + 1)))
            }
            try await running.value
            #expect(try redis.command("GET", "n") == "1000")
            try await group.shutdownGracefully()
        }
    }
}
