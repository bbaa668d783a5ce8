import AsyncHTTPClient
import Foundation
import SystemSupport
import TestSupport

/// A whole Cistern as its clients and its enemies see it.
struct Circle {
    let system: TestCistern

    var redis: TestRedis { system.redis }
    var memcached: TestMemcached { system.memcacheds[0] }
    var bucket: DaemonProcess { system.bucket }
    var merge: DaemonProcess { system.merger }
    var poll: DaemonProcess { system.poller }
    var polls: [String] { system.pollers.map(\.url) }

    /// The key of an application, whatever its partition.
    func key(_ kind: String, _ application: String) throws -> String {
        let keys = try redis.command("KEYS", "*:\(kind):\(application)").split(separator: "\n")
        guard let key = keys.first else { throw TestSupportError("Redis has no \(kind) of \(application).") }
        return String(key)
    }
}

/// Runs the body with separate daemons and few partitions, so that leases are settled quickly.
func withCircle<Value>(
    _ options: CisternOptions = .split, _ body: (Circle, Caller) async throws -> Value
) async throws -> Value {
    var options = options
    options.flags += ["--partitions", "8", "--shutdown-limit", "8s"]
    return try await withCistern(options) { system in
        try await body(Circle(system: system), Caller(http: system.http))
    }
}

extension DaemonProcess {
    /// Waits for the end of a daemon that was told to stop.
    ///
    /// - Returns: whether its last words were those of an orderly end.
    func hasEndedCleanly(within limit: Duration = .seconds(12)) async throws -> Bool {
        try await eventually(within: limit, "\(program.rawValue) has ended") { !isRunning }
        return logged.split(separator: "\n").last?.contains("Stopped") ?? false
    }
}
