import Documents
import SystemSupport
import TestSupport
import Testing

/// Bodies that contain requests, and lengths that lie: whoever reads them, the same requests are seen and the same changes made.
@Suite("Where requests end", .timeLimit(.minutes(20)))
struct SmugglingTests {
    private static let inner = "GET /v1/apps/board/state HTTP/1.1\r\nHost: localhost\r\n\r\n"

    private static func put(_ id: String, _ body: String, length: String? = nil, _ fields: String = "") -> String {
        "PUT /v1/apps/lanes-\u{1}/changes/\(id) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "\(fields)Content-Length: \(length ?? String(body.utf8.count))\r\n\r\n\(body)"
    }

    private static let chunked = "Transfer-Encoding: chunked\r\n"

    /// What is sent, and which changes it makes.
    private static let cases: [(name: String, text: String, changes: [String])] = [
        ("a body that is a request", put("b1", inner) + inner, []),
        (
            "a body of JSON that holds a push",
            put("b2", "{\"a\":\"" + put("no2", "{}").replacing("\r\n", with: " ").replacing("\"", with: "'") + "\"}")
                + inner, ["b2"]
        ),
        ("a body that ends in a push", put("b3", "{}" + put("no3", "{}")) + inner, []),
        ("a length that is too short", put("b4", "{}" + put("yes4", "{}"), length: "2"), ["b4", "yes4"]),
        ("a length that is too short by one", put("b5", "{} " + inner, length: "2"), ["b5"]),
        (
            "a length that takes the next request in",
            put("b6", "{}", length: "\(2 + inner.utf8.count)") + inner + inner, []
        ),
        ("a length that takes a part of it", put("b7", "{}", length: "9") + inner, []),
        ("a length beyond all that comes", put("b8", "{}", length: "900") + inner, []),
        ("a length and chunks", put("b9", "0\r\n\r\n" + put("no9", "{}"), length: "2", chunked), []),
        (
            "chunks and a length",
            "PUT /v1/apps/lanes-\u{1}/changes/c9 HTTP/1.1\r\nHost: x\r\n\(chunked)Content-Length: 5\r\nContent-Type: application/json\r\n\r\n0\r\n\r\n"
                + inner, []
        ),
        (
            "chunks spelled otherwise",
            put("d1", "0\r\n\r\n" + put("no1", "{}"), length: "5", "Transfer-Encoding : chunked\r\n"), []
        ),
        ("chunks behind a tab", put("d2", "0\r\n\r\n" + inner, length: "5", "Transfer-Encoding:\tchunked\r\n"), []),
        ("an identity that is none", put("d3", "{}", length: nil, "Transfer-Encoding: identity\r\n") + inner, []),
        ("two lengths", put("d4", "{}" + put("no4", "{}"), length: "2\r\nContent-Length: 99"), []),
        ("two lengths the same", put("d5", "{}" + inner, length: "2\r\nContent-Length: 2"), []),
        ("a bare LF in the head", put("d6", "{}" + inner, length: nil, "X: y\nContent-Length: 0\r\n"), []),
        ("a length folded", put("d7", "{}" + inner, length: "\r\n 2"), []),
        ("a length with a sign", put("d8", "{}" + inner, length: "+2"), []),
        ("a NUL before the length", put("d9", "{}" + inner, length: nil, "X: \0\r\n"), []),
        (
            "a poll with a body",
            "GET /v1/apps/board/state HTTP/1.1\r\nHost: x\r\nContent-Length: \(inner.utf8.count)\r\n\r\n" + inner
                + inner, []
        ),
        (
            "a push without any length",
            "PUT /v1/apps/lanes-\u{1}/changes/e1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n" + inner,
            []
        ),
        (
            "a large body that holds polls",
            put("e2", "{\"a\":\"" + String(repeating: "x", count: 30_000) + "\"}") + put("e3", "{}") + inner,
            ["e2", "e3"]
        ),
        ("a large body that is none", put("e4", String(repeating: inner, count: 400)) + inner, []),
        ("pushes behind each other", (1...6).map { put("f\($0)", "{\"f\":\($0)}") }.joined(), (1...6).map { "f\($0)" }),
    ]

    @Test("Both servers see the same requests and append the same changes, however the bytes come")
    func sameEnds() async throws {
        try await withCistern { system in
            let stable = try await system.makeStableApplications()
            for side in [WireRequest.oneSide, WireRequest.otherSide] {
                #expect(try await system.outcome("{\"first\":1}", id: "first", to: "lanes-\(side)") == "applied")
            }
            try await system.withLanePairs(keeping: stable) { pairs in
                system.merger.pause()
                var made: [String] = []
                for entry in Self.cases {
                    made += entry.changes
                    let bytes = Array(entry.text.utf8)
                    for (cuts, isFinished) in [([], false), ([], true), ([bytes.count / 2, bytes.count - 3], false)] {
                        let outcomes = try WireCase(bytes: bytes, cuts: cuts, isFinished: isFinished).outcomes(pairs[0])
                        #expect(outcomes.withLanes == outcomes.without, "\(entry.name), cut at \(cuts)")
                        #expect(outcomes.without.hasEnded, "\(entry.name)")
                    }
                    for side in [WireRequest.oneSide, WireRequest.otherSide] {
                        let log = try #require(
                            try await system.get("/v1/apps/lanes-\(side)/changes?limit=1000").member("changes"))
                        // The first one may be trimmed already.
                        let ids = log.elements.map { $0["id"]?.stringValue ?? "?" }.filter { $0 != "first" }
                        #expect(ids == made, "\(entry.name), side \(side)")
                    }
                }
            }
        }
    }
}
