import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import TestSupport

/// A logger that says nothing, so that expected failures do not fill the test's output.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension RedisConfiguration {
    /// For a test: short pauses between attempts, otherwise the defaults.
    static func test(_ url: String, _ change: (inout RedisConfiguration) -> Void = { _ in }) throws
        -> RedisConfiguration
    {
        var configuration = RedisConfiguration(address: try RedisAddress(url))
        configuration.backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(50))
        configuration.connectionWait = .seconds(10)
        change(&configuration)
        return configuration
    }
}

/// One connection for the length of the body.
func withConnection<Value>(
    _ configuration: RedisConfiguration,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (RedisConnection) async throws -> Value
) async throws -> Value {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let connection = try await RedisConnection.connect(configuration, on: loop, logger: quiet)
    defer { connection.close() }
    return try await body(connection)
}

/// A client with two event loops, which runs for the length of the body.
func withClient(
    _ configuration: RedisConfiguration,
    _ body: @escaping @Sendable (RedisClient) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let client = RedisClient(configuration: configuration, eventLoopGroup: group, logger: quiet)
    try await whileRunning(client) { try await body(client) }
    try await group.shutdownGracefully()
}

/// A subscriber that runs for the length of the body.
func withSubscriber(
    _ configuration: RedisConfiguration,
    _ body: @escaping @Sendable (RedisSubscriber) async throws -> Void
) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let subscriber = RedisSubscriber(configuration: configuration, eventLoop: loop, logger: quiet)
    try await whileRunning(subscriber) { try await body(subscriber) }
}

private func whileRunning(_ service: some Service, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        do {
            try await body()
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
    }
}
