import SystemSupport
import TestSupport
import Testing

/// Cross-origin requests with tokens: preflights have none and need none, and every answer, refusals too, can be read by the
/// right pages only.
@Suite("Origins and tokens", .timeLimit(.minutes(20)))
struct OriginTests {
    private static let origin = "https://app.example.org"

    @Test("Every route answers preflights, and its answers name the page's origin", arguments: ["yes", "no"])
    func origins(lanes: String) async throws {
        try await withKeys(lanes: lanes, flags: ["--cors-origins", Self.origin]) { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let paths = [
                ("GET", "/v1/apps/board/state"), ("PUT", "/v1/apps/board/changes/c1"),
                ("PUT", "/v1/apps/board/changes"),
                ("GET", "/v1/apps/board/changes/c0"), ("GET", "/v1/states?apps=board"),
                ("GET", "/v1/apps/board/presence"),
                ("PUT", "/v1/apps/board/presence/me"), ("DELETE", "/v1/apps/boardless"), ("GET", "/v1/apps"),
                ("GET", "/v1/apps/board"), ("GET", "/v1/apps/board/changes"), ("GET", "/metrics"), ("GET", "/healthz"),
            ]
            for (method, path) in paths {
                for (origin, isAllowed) in [(Self.origin, true), ("https://other.example.org", false), ("null", false)]
                {
                    let wish = [("Origin", origin), ("Access-Control-Request-Method", method)]
                    let preflight = try await system.send(
                        "OPTIONS", path, headers: wish + [("Access-Control-Request-Headers", "authorization")])
                    #expect(preflight.status == (isAllowed ? 204 : 405), "\(method) \(path) from \(origin)")
                    #expect(preflight["Access-Control-Allow-Origin"] == (isAllowed ? origin : nil))
                    if isAllowed {
                        #expect(
                            preflight["Access-Control-Allow-Methods"]?.contains(method) == true, "\(method) \(path)")
                        #expect(preflight["Access-Control-Allow-Headers"]?.contains("Authorization") == true)
                    }
                    for token in [[], keyring.everything] {
                        var headers = token + [("Origin", origin)]
                        let isPut = method == "PUT"
                        if isPut { headers.append(("Content-Type", "application/json")) }
                        let answer = try await system.send(
                            method, path, headers: headers, body: isPut ? Array("{}".utf8) : nil)
                        if path != "/healthz" { #expect((answer.status == 401) == token.isEmpty, "\(method) \(path)") }
                        #expect(
                            answer["Access-Control-Allow-Origin"] == (isAllowed ? origin : nil), "\(method) \(path)")
                        #expect(answer["Vary"]?.contains("Origin") == true, "\(method) \(path)")
                        let exposed = answer["Access-Control-Expose-Headers"]
                        #expect((exposed?.contains("WWW-Authenticate") ?? false) == isAllowed, "\(method) \(path)")
                    }
                }
            }
            // A poll of a page is answered by the lane.
            let express = try await system.get("/metrics", headers: keyring.everything).text
            #expect(
                express.contains(#"http_express_requests_total{method="GET",route="/v1/apps/{app}/state"}"#)
                    == (lanes == "yes"))
        }
    }
}
