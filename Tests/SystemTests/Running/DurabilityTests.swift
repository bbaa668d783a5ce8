import Documents
import SystemSupport
import Testing

@Suite("What an acknowledgement is worth", .timeLimit(.minutes(20)))
struct DurabilityTests {
    @Test(
        "Every daemon reads it from Redis at its start, says it in /readyz, and logs it",
        arguments: [
            (["appendonly": "yes", "appendfsync": "always"], "every-write", " info "),
            (["appendonly": "yes", "appendfsync": "everysec"], "every-second", " notice "),
            (["appendonly": "yes", "appendfsync": "no"], "kernel", " warning "),
            (["appendonly": "no"], "memory-only", " warning "),
        ])
    func levels(redis: [String: String], level: String, severity: String) async throws {
        try await withCistern(CisternOptions(layout: .split, redis: redis)) { system in
            for daemon in system.daemons {
                let details = try await system.get("/readyz", from: daemon).member("checks")?["redis"]?["details"]
                #expect(details?["level"]?.stringValue == level)
                let sentence = try #require(details?["durability"]?.stringValue)
                let line = try #require(daemon.logged.split(separator: "\n").first { $0.contains(sentence.prefix(40)) })
                #expect(line.contains(severity), "\(line)")
            }
        }
    }
}
