import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("Operations of the servers themselves", .timeLimit(.minutes(20)))
struct ReservedOperationTests {
    private static let json = [("Content-Type", "application/json")]
    private static let place = "/v1/apps/cistern~webhooks/operations"

    private func ask(
        _ method: String, _ path: String, _ body: String, _ headers: [(String, String)] = [], _ system: TestCistern
    ) async throws -> Answer {
        try await system.send(
            method, path, headers: Self.json + headers, body: Array(body.utf8), to: system.bucket)
    }

    @Test("Nobody makes, claims or ends them by hand; they are seen and cancelled as any other")
    func reserved() async throws {
        try await withCistern { system in
            let key = [("Idempotency-Key", "k")]
            let (reserved, other) = (#"{"kind":"cistern.recover"}"#, #"{"kind":"export"}"#)
            for (method, path, body, headers, pointer) in [
                ("PUT", "/v1/apps/board/operations/e1", reserved, [], "/kind"),
                ("POST", "/v1/apps/board/operations", reserved, key, "/kind"),
                ("PUT", Self.place + "/e1", other, [], nil), ("POST", Self.place, other, key, nil),
            ] as [(String, String, String, [(String, String)], String?)] {
                let answer = try await ask(method, path, body, headers, system)
                #expect(answer.refusal == "403 operation-reserved", "\(method) \(path)")
                #expect(answer.member("pointer")?.stringValue == pointer, "\(method) \(path)")
            }
            // No courier takes it.
            let hook = #"{"url":"https://example.org/","apps":["board"],"event_types":["state.changed"]}"#
            #expect(try await system.hooks("PUT", "webhooks/w1", hook).status == 201)
            let time = try await system.get("/v1/daemons").member("time")?.stringValue
            let recovery = try await system.hooks(
                "POST", "webhooks/w1:recover", #"{"since":"\#(try #require(time))"}"#)
            #expect(recovery.status == 202, "\(recovery.text)")
            let made = try #require(recovery["Operation-Location"])
            for more in ["", #","apps":["cistern~webhooks"]"#] {
                let claim = try await ask(
                    "POST", "/v1/operations:claim", #"{"worker":"w","kinds":["export","cistern.recover"]\#(more)}"#, [],
                    system)
                #expect(claim.refusal == "403 operation-reserved")
                #expect(claim.member("pointer")?.stringValue == "/kinds/1")
            }
            let lease = [("Lease-Token", "1-x")]
            for (method, suffix, body) in [
                ("POST", ":heartbeat", "{}"), ("POST", ":fail", #"{"error":{},"retryable":false}"#),
                ("PUT", "/result", "{}"), ("DELETE", "/lease", ""),
            ] {
                let answer = try await ask(method, made + suffix, body, lease, system)
                #expect(answer.refusal == "403 operation-reserved", "\(suffix)")
            }
            let seen = try await system.send("GET", made, to: system.bucket)
            #expect(seen.member("status")?.stringValue == "queued")
            let listed = try await system.send("GET", Self.place, to: system.bucket).member("operations")
            #expect(listed?.count == 1)
            #expect(try await system.send("POST", made + ":cancel", to: system.bucket).status == 202)
            #expect(
                try await system.send("GET", made, to: system.bucket).member("status")?.stringValue == "cancelled")
        }
    }
}
