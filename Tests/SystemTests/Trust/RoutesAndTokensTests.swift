import Documents
import Grants
import NIOCore
import SystemSupport
import TestSupport
import Testing
import Trust

/// Every route with every kind of token: who is let in, by lanes as by routes.
@Suite("Routes and tokens", .timeLimit(.minutes(20)))
struct RoutesAndTokensTests {
    private struct Row {
        let request: String
        /// Nil for what is open to everybody.
        let kind: Scope.Kind?
        var fields: [String] = []
        var body: String?

        func bytes(_ token: String?) -> String {
            var lines = ["\(request) HTTP/1.1", "Host: localhost"] + fields
            if let token { lines.append("Authorization: Bearer \(token)") }
            if let body { lines.append("Content-Length: \(body.utf8.count)") }
            return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        }
    }

    /// Connections that reach every event loop of the server, which takes them by turns.
    private static let warming = 4 * System.coreCount

    private static let merge = "Content-Type: application/merge-patch+json"
    private static let json = "Content-Type: application/json"
    private static let lease = "Lease-Token: 1-x"
    private static let socket = Array(LiveSocket.handshake("/").dropFirst(2))

    private static let rows = [
        Row(request: "GET /v1/apps/board/state", kind: .poll),
        Row(request: "HEAD /v1/apps/board/state", kind: .poll),
        Row(request: "GET /v1/apps/%62oard/state", kind: .poll),
        Row(request: "GET /v1/apps/board/state?path=/a", kind: .poll),
        Row(request: "GET /v1/apps/board/state", kind: .poll, fields: ["If-None-Match: \"none\"", "A-IM: json-patch"]),
        Row(request: "GET /v1/apps/board/state", kind: .poll, fields: ["Accept: text/event-stream"]),
        Row(request: "HEAD /v1/apps/board/state", kind: .poll, fields: ["Accept: text/event-stream"]),
        Row(request: "GET /v1/apps/board/state?fresh=1", kind: .poll, fields: ["Accept-Encoding: gzip"]),
        Row(request: "GET /v1/states?apps=board", kind: .poll),
        Row(request: "GET /v1/apps/board/presence", kind: .poll),
        Row(request: "GET /v1/apps/board/socket", kind: .poll),
        Row(request: "GET /v1/apps/board/socket", kind: .poll, fields: socket),
        Row(request: "PUT /v1/apps/board/changes/t1", kind: .push, fields: [merge], body: #"{"t":1}"#),
        Row(
            request: "PUT /v1/apps/board/changes/t2", kind: .push, fields: [merge, "If-None-Match: *"],
            body: #"{"t":1}"#),
        Row(request: "PUT /v1/apps/board/changes/t3", kind: .push, fields: [merge], body: "{ no JSON"),
        Row(
            request: "PUT /v1/apps/board/changes", kind: .push, fields: [json],
            body: #"[{"id":"t4","type":"application/merge-patch+json","change":{}}]"#),
        Row(request: "GET /v1/apps/board/changes/c0", kind: .push),
        Row(request: "PUT /v1/apps/board/presence/me", kind: .push, fields: [json], body: "{}"),
        Row(request: "DELETE /v1/apps/board/presence/me", kind: .push),
        Row(request: "PUT /v1/apps/board/operations/o1", kind: .operate, fields: [json], body: #"{"kind":"k"}"#),
        Row(
            request: "POST /v1/apps/board/operations", kind: .operate, fields: [json, "Idempotency-Key: k1"],
            body: #"{"kind":"k"}"#),
        Row(request: "GET /v1/apps/board/operations", kind: .operate),
        Row(request: "POST /v1/apps/board/operations/o1:retry", kind: .operate),
        Row(request: "GET /v1/apps/board/operations/o1", kind: .operate),
        Row(request: "GET /v1/apps/board/operations/o1/result", kind: .operate),
        Row(request: "POST /v1/apps/board/operations/o1:cancel", kind: .operate),
        Row(request: "DELETE /v1/apps/board/operations/o1", kind: .operate),
        Row(request: "POST /v1/apps/board/operations/o1:heartbeat", kind: .operate, fields: [lease, json], body: "{}"),
        Row(request: "POST /v1/apps/board/operations/o1:fail", kind: .operate, fields: [lease, json], body: "{}"),
        Row(request: "PUT /v1/apps/board/operations/o1/result", kind: .operate, fields: [lease], body: "x"),
        Row(request: "DELETE /v1/apps/board/operations/o1/lease", kind: .operate, fields: [lease]),
        Row(request: "GET /v1/apps?prefix=board", kind: .admin), Row(request: "GET /v1/apps", kind: .admin),
        Row(request: "GET /v1/apps/board", kind: .admin), Row(request: "GET /v1/apps/board/changes", kind: .admin),
        Row(request: "DELETE /v1/apps/boardless", kind: .admin), Row(request: "GET /metrics", kind: .metrics),
        Row(request: "GET /v1/apps?sort=polls", kind: .admin), Row(request: "GET /v1/daemons", kind: .admin),
        Row(request: "GET /v1/apps/board/changes?latest=5", kind: .admin),
        Row(
            request: "PUT /v1/webhooks/w1", kind: .admin, fields: [json],
            body: #"{"url":"https://example.org/","apps":["board"],"event_types":["state.changed"]}"#),
        Row(request: "GET /v1/webhooks/w1", kind: .admin),
        Row(
            request: "PATCH /v1/webhooks/w1", kind: .admin, fields: [merge], body: #"{"rate_limit":2}"#),
        Row(request: "POST /v1/webhooks/w1/secret:rotate", kind: .admin),
        Row(request: "POST /v1/webhooks/w1:test", kind: .admin),
        Row(request: "POST /v1/webhooks/w1:disable", kind: .admin),
        Row(request: "POST /v1/webhooks/w1:enable", kind: .admin),
        Row(request: "POST /v1/webhooks/w1:recover", kind: .admin, fields: [json], body: "{}"),
        Row(request: "GET /v1/deliveries", kind: .admin), Row(request: "GET /v1/deliveries?webhook=w1", kind: .admin),
        Row(request: "GET /v1/deliveries/msg_x", kind: .admin),
        Row(request: "GET /v1/deliveries/msg_x/attempts", kind: .admin),
        Row(request: "POST /v1/deliveries/msg_x:replay", kind: .admin),
        Row(request: "DELETE /v1/webhooks/w1", kind: .admin),
        Row(request: "GET /healthz", kind: nil), Row(request: "GET /readyz", kind: nil),
        Row(request: "GET /problems/forbidden", kind: nil), Row(request: "GET /problems", kind: nil),
        Row(request: "GET /problems/style.css", kind: nil), Row(request: "GET /", kind: nil),
        Row(request: "GET /cistern.js", kind: nil), Row(request: "GET /openapi.json", kind: nil),
        Row(request: "GET /cistern/core.js", kind: nil),
        Row(request: "GET /demo/", kind: nil), Row(request: "GET /dashboard/", kind: nil),
        Row(request: "GET /dashboard/main.js", kind: nil),
    ]

    @Test("Nobody gets past any route without a token that allows it", arguments: ["yes", "no"])
    func table(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"a":{"b":1}}"#, with: keyring)
            // What lanes know already they answer without any question about it: so that all of them know.
            for _ in 0..<Self.warming { #expect(try system.status(of: Self.rows[0].bytes(keyring.apiKey)) == 200) }
            let stranger = try await TestKeyring()
            defer { stranger.folder.remove() }
            let expired = try keyring.token("push:* poll:* admin:* metrics", lifetime: -1)
            let issuer = try keyring.token("push:* poll:* admin:* metrics", issuer: "somebody")
            let forged = expired.split(separator: ".").dropLast().joined(separator: ".") + "."
            for row in Self.rows {
                for (name, token) in [
                    ("no token", nil), ("nonsense", "nonsense"),
                    ("a stranger's", try stranger.token("poll:* push:* admin:*")),
                    ("a stranger's API key", stranger.apiKey), ("an expired one", expired), ("a forged one", forged),
                    ("another issuer's", issuer),
                ] {
                    let status = try system.status(of: row.bytes(token))
                    #expect(row.kind == nil ? status == 200 : status == 401, "\(row.request) with \(name): \(status)")
                }
                guard let kind = row.kind else { continue }
                for other in Scope.Kind.allCases where other != kind {
                    // Of all applications, admin has the metrics, too.
                    if kind == .metrics, other == .admin { continue }
                    let scope = other == .metrics ? "metrics" : "\(other.rawValue):*"
                    let status = try system.status(of: row.bytes(try keyring.token(scope)))
                    #expect(status == 403, "\(row.request) with \(scope): \(status)")
                }
                for pattern in ["boar", "other.*", "boards*"] where kind != .metrics {
                    let status = try system.status(of: row.bytes(try keyring.token("\(kind.rawValue):\(pattern)")))
                    #expect(status == 403, "\(row.request) for \(pattern): \(status)")
                }
                let allowed = kind == .metrics ? "metrics" : "\(kind.rawValue):*"
                for token in [try keyring.token(allowed), keyring.apiKey] {
                    let status = try system.status(of: row.bytes(token))
                    #expect(
                        ![0, 401, 403].contains(status) && status < 500, "\(row.request) with \(allowed): \(status)")
                }
                if row.request.contains("board"), !row.request.contains("boardless") {
                    let status = try system.status(of: row.bytes(try keyring.token("\(kind.rawValue):boar*")))
                    #expect(![0, 401, 403].contains(status) && status < 500, "\(row.request) for boar*: \(status)")
                }
            }
            // Sockets are taken over by lanes only, and there is the other place for a token.
            guard lanes == "yes" else { return }
            let handshake =
                "GET /v1/apps/board/socket HTTP/1.1\r\nHost: x\r\n" + Self.socket.dropLast().joined(separator: "\r\n")
                + "\r\nSec-WebSocket-Protocol: cistern.v1, bearer."
            for (token, status) in [
                ("nonsense", 401), (try keyring.token("push:*"), 403), (try keyring.token("poll:board"), 101),
            ] {
                #expect(try system.status(of: handshake + token + "\r\n\r\n") == status)
            }
        }
    }

    @Test("Several applications in one poll are asked for each, and a list only for what begins as it says")
    func several() async throws {
        try await withKeys { system, keyring in
            for app in ["alice.a", "alice.b", "bob"] { try await system.prepare("{}", in: app, with: keyring) }
            let alice = try keyring.bearer("poll:alice.* admin:alice.*")
            #expect(try await system.get("/v1/states?apps=alice.a,alice.b", headers: alice).status == 200)
            #expect(try await system.get("/v1/states?apps=alice.a,bob", headers: alice).refusal == "403 forbidden")
            let list = try await system.get("/v1/apps?prefix=alice.", headers: alice)
            #expect(list.member("apps")?.count == 2)
            // What the request brings does not get into the header of its refusal but as characters of a scope.
            let split = try await system.get("/v1/apps?prefix=%0d%0aX-Bad:%20y%22%5c%c3%a9", headers: alice)
            #expect(split.refusal == "403 forbidden" && split["X-Bad"] == nil)
            #expect(split["WWW-Authenticate"]?.hasSuffix(#"scope="admin:X-Bad:y*""#) == true)
            for query in ["", "?prefix=alice", "?prefix=bob", "?sort=polls"] {
                #expect(try await system.get("/v1/apps\(query)", headers: alice).refusal == "403 forbidden")
            }
            // Where both are named, neither lets the other past.
            let both = try await system.get("/v1/apps?sort=polls&prefix=alice.", headers: alice)
            #expect(both.refusal == "400 invalid-parameter")
            // Of the daemons, who may see some applications sees none.
            #expect(try await system.get("/v1/daemons", headers: alice).refusal == "403 forbidden")
        }
    }

    @Test("An operation is published only where its maker may push")
    func publishing() async throws {
        try await withKeys { system, keyring in
            func make(_ id: String, _ scopes: String) async throws -> Answer {
                try await system.send(
                    "PUT", "/v1/apps/board/operations/\(id)",
                    headers: [("Content-Type", "application/json")] + keyring.bearer(scopes),
                    body: Array(#"{"kind":"k","publish":"/jobs/a"}"#.utf8), to: system.poller)
            }
            let refused = try await make("a", "operate:*")
            #expect(refused.refusal == "403 forbidden" && refused["WWW-Authenticate"]?.contains("push:board") == true)
            let elsewhere = try await make("a", "operate:* push:board#/jobs/b")
            #expect(elsewhere.refusal == "403 forbidden")
            #expect(elsewhere.member("pointer")?.stringValue?.hasPrefix("/publish") == true)
            #expect(try await make("a", "operate:* push:board#/jobs/a").status == 201)
            #expect(try await make("b", "operate:* push:*").status == 201)
        }
    }

    @Test("A webhook is for whoever administers all that it is about, and nobody else sees it in a list")
    func webhooks() async throws {
        try await withKeys { system, keyring in
            let json = [("Content-Type", "application/json")]
            func make(_ id: String, _ apps: String, _ scope: String) async throws -> Answer {
                let body = #"{"url":"https://example.org/","apps":[\#(apps)],"event_types":["state.changed"]}"#
                return try await system.send(
                    "PUT", "/v1/webhooks/\(id)", headers: json + keyring.bearer(scope), body: Array(body.utf8))
            }
            #expect(try await make("w1", #""alice.a","alice.b*""#, "admin:alice.*").status == 201)
            #expect(try await make("w2", #""alice.a","bob""#, "admin:alice.*").refusal == "403 forbidden")
            #expect(try await make("w2", #""*""#, "admin:alice.*").refusal == "403 forbidden")
            #expect(try await make("w2", #""*""#, "admin:*").status == 201)
            // One that is somebody else's is not taken over.
            #expect(try await make("w2", #""alice.a""#, "admin:alice.*").refusal == "403 forbidden")
            for (scope, ids) in [("admin:alice.*", ["w1"]), ("admin:*", ["w1", "w2"]), ("admin:bob", [])] {
                let list = try await system.get("/v1/webhooks", headers: keyring.bearer(scope)).member("webhooks")
                #expect(list?.elements.compactMap { $0["id"]?.stringValue } == ids)
            }
            let bob = try keyring.bearer("admin:bob operate:*")
            #expect(try await system.get("/v1/webhooks/w1", headers: bob).refusal == "403 forbidden")
            #expect(try await system.get("/v1/webhooks/none", headers: bob).refusal == "403 forbidden")
            #expect(try await system.get("/v1/deliveries?webhook=w1", headers: bob).refusal == "403 forbidden")
            let poll = try keyring.bearer("poll:* push:* operate:*")
            #expect(try await system.get("/v1/webhooks", headers: poll).refusal == "403 forbidden")
        }
    }

    @Test("Answers for somebody are private, and a refusal says how to ask", arguments: ["yes", "no"])
    func fields(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let everything = keyring.everything
            for path in [
                "/v1/apps/board/state", "/v1/apps/board/presence", "/v1/states?apps=board", "/v1/apps",
                "/v1/apps/board",
            ] {
                let answer = try await system.get(path, headers: everything)
                #expect(answer["Cache-Control"] == "private, no-cache", "\(path)")
                #expect(answer["Vary"]?.contains("Authorization") == true, "\(path)")
            }
            let refused = try await system.state()
            #expect(refused["WWW-Authenticate"] == #"Bearer realm="cistern""#)
            #expect(refused["Cache-Control"] == "no-store")
            let forbidden = try await system.state(headers: try keyring.bearer("poll:other"))
            #expect(forbidden["WWW-Authenticate"]?.contains(#"error="insufficient_scope", scope="poll:board""#) == true)
        }
    }
}

extension TestCistern {
    /// The status of the answer to these bytes, read from its first line only: the answer may have no end.
    fileprivate func status(of request: String) throws -> Int {
        let connection = try WireConnection(port: poller.port)
        connection.send(Array(request.utf8)[...])
        connection.read(until: .now + .seconds(20)) { $0.contains(10) }
        let line = String(decoding: connection.received.prefix { $0 != 13 }, as: UTF8.self)
        return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}
