// What the tests of this target share: a client that is always shut down, and servers that are always removed.

import Foundation
import Logging
import Memcached
import Metrics
import MetricsTestKit
import TestSupport
import Testing

extension MemcachedAddress {
    init(_ memcached: TestMemcached) {
        self =
            switch memcached.endpoint {
            case .unixSocket(let path): .unix(path: path)
            case .loopback(let port): .tcp(host: "127.0.0.1", port: port)
            }
    }
}

/// Runs the body with a client of these servers and shuts it down afterwards.
func withClient<Value>(
    _ servers: [TestMemcached], metrics: any MetricsFactory = NOOPMetricsHandler.instance,
    isolation: isolated (any Actor)? = #isolation,
    configure: (inout MemcachedConfiguration) -> Void = { _ in },
    _ body: (MemcachedClient) async throws -> Value
) async throws -> Value {
    var configuration = MemcachedConfiguration(servers: servers.map(MemcachedAddress.init))
    // As patient as a client may be: the machine that runs the tests has other things to do.
    configuration.connectTimeout = .milliseconds(200)
    configuration.pollTimeout = .milliseconds(200)
    configuration.deadline = .seconds(5)
    configure(&configuration)
    var logger = Logger(label: "memcached-tests")
    logger.logLevel = .critical
    let client = try await MemcachedClient(configuration: configuration, logger: logger, metricsFactory: metrics)
    do {
        let value = try await body(client)
        await client.shutdown()
        return value
    } catch {
        await client.shutdown()
        throw error
    }
}

/// Runs the body with several servers, each on a loopback port or a socket of its own.
func withServers<Value>(
    _ count: Int, tcp: Bool = false, isolation: isolated (any Actor)? = #isolation,
    _ body: ([TestMemcached]) async throws -> Value
) async throws -> Value {
    var servers: [TestMemcached] = []
    defer { for server in servers { server.remove() } }
    for _ in 0..<count { servers.append(try await TestMemcached.start(tcp: tcp)) }
    return try await body(servers)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension MemcachedItem {
    var text: String { String(decoding: value, as: UTF8.self) }
}

/// The answer of an operation or its error, for tests that expect one of several.
func result<Value: Sendable>(_ operation: () async throws -> Value) async -> Result<Value, MemcachedError> {
    do {
        return .success(try await operation())
    } catch let error as MemcachedError {
        return .failure(error)
    } catch {
        Issue.record(error, "memcached operations throw MemcachedError only")
        return .failure(.misconfigured("\(error)"))
    }
}

extension TestMemcached {
    /// Pauses it and waits until none of its threads runs any more; a signal alone takes effect some time later.
    func standStill() async throws {
        let line = try command("stats")
        guard line.hasPrefix("STAT pid "), let pid = Int(line.dropFirst("STAT pid ".count)) else {
            throw TestSupportError("memcached told no pid: \(line)")
        }
        pause()
        try await eventually("memcached stands still") {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").allSatisfy { thread in
                let status = try String(contentsOfFile: "/proc/\(pid)/task/\(thread)/stat", encoding: .utf8)
                return status.split(separator: ")").last?.hasPrefix(" T") == true
            }
        }
    }
}
