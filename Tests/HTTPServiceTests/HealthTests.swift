import Documents
import HTTPService
import Testing

@Suite("Health", .timeLimit(.minutes(1)))
struct HealthTests {
    private func health(_ checks: [ReadinessCheck]) -> [any RouteProvider] { [Health(checks: checks) { "metric 1\n" }] }

    @Test("A living process says so, and gives its metrics")
    func living() async throws {
        try await withServer(roles: health([])) { address in
            #expect(try await exchange(address, "GET /healthz HTTP/1.1\nHost: x").body == #"{"status":"ok"}"#)
            let metrics = try await exchange(address, "GET /metrics HTTP/1.1\nHost: x")
            #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body == "metric 1\n")
        }
    }

    @Test("A ready server gives the details of its checks")
    func ready() async throws {
        let checks = [
            ReadinessCheck("redis") { .ready(.object([("durability", .string("every write"))])) },
            ReadinessCheck("memcached") { .ready() },
        ]
        try await withServer(roles: health(checks)) { address in
            let response = try await exchange(address, "GET /readyz HTTP/1.1\nHost: x")
            #expect(response.status == 200)
            #expect(try response.document["checks"]?["redis"]?["details"]?["durability"]?.stringValue == "every write")
            #expect(try response.document["checks"]?["memcached"]?["ready"]?.boolValue == true)
        }
    }

    @Test("A server that is not ready gives the reasons, and what is ready too")
    func notReady() async throws {
        let checks = [
            ReadinessCheck("redis") { .notReady("Redis does not answer.") }, ReadinessCheck("memcached") { .ready() },
        ]
        try await withServer(roles: health(checks)) { address in
            let response = try await exchange(address, "GET /readyz HTTP/1.1\nHost: x")
            #expect(response.status == 503)
            #expect(response.problem == "not-ready")
            #expect(response.headers["retry-after"] == "1")
            #expect(try response.document["checks"]?["redis"]?["reason"]?.stringValue == "Redis does not answer.")
            #expect(try response.document["checks"]?["memcached"]?["ready"]?.boolValue == true)
        }
    }

    @Test("A check that does not answer is not ready, and does not hold up the others")
    func silent() async throws {
        let checks = [
            ReadinessCheck("redis") {
                try? await Task.sleep(for: .seconds(600))
                return .ready()
            },
            ReadinessCheck("memcached") { .ready() },
        ]
        try await withServer(roles: health(checks)) { address in
            let response = try await exchange(address, "GET /readyz HTTP/1.1\nHost: x")
            #expect(response.status == 503)
            #expect(try response.document["checks"]?["memcached"]?["ready"]?.boolValue == true)
            #expect(try response.document["checks"]?["redis"]?["ready"]?.boolValue == false)
        }
    }
}
