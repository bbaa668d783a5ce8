import HTTPService
import Testing

@Suite("Cross-origin requests", .timeLimit(.minutes(1)))
struct CrossOriginTests {
    private let page = "https://app.example.org"
    private let preflight = "OPTIONS /v1/apps/a/changes/c1 HTTP/1.1\nHost: x\nAccess-Control-Request-Method: PUT"

    @Test("A configured origin may read answers, problems too")
    func allowed() async throws {
        try await withServer(origins: [page]) { [page] address in
            for path in ["/v1/apps/a/state", "/nowhere"] {
                let response = try await exchange(address, "GET \(path) HTTP/1.1\nHost: x\nOrigin: \(page)")
                #expect(response.headers["access-control-allow-origin"] == page)
                #expect(response.headers["vary"] == "Origin")
                #expect(response.headers["access-control-expose-headers"]?.contains("Cistern-Poll-Interval") == true)
            }
        }
    }

    @Test(
        "Scripts see the fields that clients of operations and states go by",
        arguments: [
            "ETag", "Location", "Operation-Location", "Link", "Retry-After", "Preference-Applied", "Accept-Ranges",
            "Content-Range", "Content-Digest", "Repr-Digest", "RateLimit", "RateLimit-Policy", "WWW-Authenticate",
            "Cistern-Position",
        ])
    func exposed(field: String) async throws {
        try await withServer(origins: [page]) { [page] address in
            let response = try await exchange(address, "GET /v1/apps/a/state HTTP/1.1\nHost: x\nOrigin: \(page)")
            let fields = response.headers["access-control-expose-headers"]?.split(separator: ", ").map(String.init)
            #expect(fields?.contains(field) == true)
        }
    }

    @Test(
        "Another origin is answered without permission to read",
        arguments: ["https://app.example.org:444", "https://APP.example.org", "null"])
    func others(origin: String) async throws {
        try await withServer(origins: [page]) { address in
            let response = try await exchange(address, "GET /v1/apps/a/state HTTP/1.1\nHost: x\nOrigin: \(origin)")
            #expect(response.status == 200)
            #expect(response.headers["access-control-allow-origin"] == nil)
            #expect(response.headers["vary"] == "Origin")
        }
    }

    @Test("A preflight is answered with methods and header fields")
    func preflightAnswer() async throws {
        try await withServer(origins: [page]) { [page, preflight] address in
            let response = try await exchange(address, "\(preflight)\nOrigin: \(page)")
            #expect(response.status == 204)
            #expect(response.headers["access-control-allow-methods"] == "PUT")
            #expect(
                response.headers["access-control-allow-headers"]
                    == "Content-Type, If-Match, If-None-Match, Prefer, A-IM, Authorization, Last-Event-ID, Lease-Token, Idempotency-Key, Range, If-Range"
            )
            #expect(try await exchange(address, "\(preflight)\nOrigin: https://other.org").status == 405)
        }
    }

    @Test("The star lets any page read, and then answers do not vary")
    func star() async throws {
        try await withServer(origins: ["*"]) { address in
            let response = try await exchange(
                address, "GET /v1/apps/a/state HTTP/1.1\nHost: x\nOrigin: https://any.org")
            #expect(response.headers["access-control-allow-origin"] == "*")
            #expect(response.headers["vary"] == nil)
        }
    }

    @Test("Without configured origins nothing is said about them")
    func none() async throws {
        try await withServer { [page] address in
            let response = try await exchange(address, "GET /v1/apps/a/state HTTP/1.1\nHost: x\nOrigin: \(page)")
            #expect(response.headers["access-control-allow-origin"] == nil)
            #expect(response.headers["vary"] == nil)
        }
    }
}
