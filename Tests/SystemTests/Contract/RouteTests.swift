import Documents
import SystemSupport
import Testing

@Suite("Routes, health and metrics", .timeLimit(.minutes(20)))
struct RouteTests {
    @Test("Paths that are none are 404, and methods that a path does not take 405 with those that it takes")
    func routes() async throws {
        try await withCistern { system in
            for path in [
                "/v1", "/v1/", "/v2/apps", "/v1/apps/", "/v1/apps/board/states", "/v1/apps/board/changes/c1/x",
                "/v1/apps//state", "//v1/apps",
            ] {
                let answer = try await system.poller.raw("GET \(path) HTTP/1.1")
                #expect(
                    answer.hasPrefix("HTTP/1.1 404") && answer.contains("/problems/not-found"),
                    "\(path): \(answer.prefix(200))")
            }
            let cases: [(String, String, Set<String>)] = [
                ("POST", "/v1/apps/board/changes/c1", ["PUT", "GET", "HEAD"]),
                ("DELETE", "/v1/apps/board/changes/c1", ["PUT", "GET", "HEAD"]),
                ("POST", "/v1/apps/board/changes", ["PUT", "GET", "HEAD"]),
                ("PUT", "/v1/apps/board/state", ["GET", "HEAD"]),
                ("PUT", "/v1/apps/board", ["GET", "HEAD", "DELETE"]), ("POST", "/v1/apps", ["GET", "HEAD"]),
                ("DELETE", "/healthz", ["GET", "HEAD"]), ("OPTIONS", "/v1/apps/board/state", ["GET", "HEAD"]),
            ]
            for (method, path, allowed) in cases {
                let answer = try await system.send(method, path)
                #expect(answer.refusal == "405 method-not-allowed", "\(method) \(path)")
                #expect(
                    Set((answer["Allow"] ?? "").split(separator: ",").map { $0.trimmingPrefix(" ") }.map(String.init))
                        == allowed, "\(method) \(path)")
            }
        }
    }

    @Test("Every problem's type serves a page that explains it")
    func problemPages() async throws {
        try await withCistern(.split) { system in
            for daemon in [system.bucket, system.poller] {
                let problem = try await system.send("POST", "/v1/apps/-/state", to: daemon)
                let page = try await system.get(try #require(problem.member("type")?.stringValue), from: daemon)
                #expect(page.status == 200)
                #expect(page["Content-Type"]?.hasPrefix("text/html") == true)
                #expect(page.text.contains(problem.problem ?? "?"))
            }
            for slug in [
                "invalid-id", "malformed-json", "invalid-patch", "invalid-precondition", "change-id-reused",
                "change-too-old", "change-from-the-future",
                "change-too-large", "unsupported-change-type", "backlog-full", "log-unavailable", "out-of-order",
                "client-unknown",
                "application-deleted", "invalid-batch", "batch-too-large", "unknown-change", "unknown-app",
                "not-yet-merged", "epoch-changed",
                "precondition-failed", "state-too-large", "test-failed", "path-not-found", "not-a-number",
                "not-an-array",
                "number-out-of-range", "too-deep", "not-found", "method-not-allowed", "invalid-parameter",
                "internal-error", "not-ready",
            ] { #expect(try await system.get("/problems/\(slug)").status == 200, "\(slug)") }
            #expect(try await system.get("/problems/nonsense").refusal == "404 not-found")
        }
    }

    @Test("Every daemon says that it lives and that it is ready, and has figures in Prometheus' format")
    func health() async throws {
        try await withCistern(.split) { system in
            #expect(try await system.outcome(#"{"a":1}"#, id: "c1") == "applied")
            _ = try await system.settled()
            #expect(try await system.state().status == 200)
            for daemon in system.daemons {
                #expect(try await system.get("/healthz", from: daemon).status == 200)
                let ready = try await system.get("/readyz", from: daemon)
                #expect(ready.status == 200)
                #expect(ready.member("checks")?["redis"]?["ready"]?.boolValue == true, "\(ready.text)")
                let metrics = try await system.get("/metrics", from: daemon)
                #expect(metrics["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                let names = try Exposition(metrics.text).names
                for name in [
                    "http_connections", "http_requests_total", "http_request_seconds", "redis_command_duration",
                ] {
                    #expect(
                        names.contains { $0.hasPrefix(name) }, "\(daemon.program) has no \(name): \(names.sorted())")
                }
            }
            let merging = try Exposition(try await system.get("/metrics", from: system.merger).text)
            #expect(merging.value("cistern_merge_changes_folded_total") == 1)
            #expect(merging.value("cistern_merge_publishes_total") == 1)
            #expect(merging.names.contains("cistern_merge_backlog_changes"))
            #expect(merging.names.contains { $0.hasPrefix("cistern_merge_lag") && $0.hasSuffix("_bucket") })
            let polling = try Exposition(try await system.get("/metrics", from: system.poller).text)
            for name in ["snapshot_hits", "snapshot_misses", "rebuilds"] {
                #expect(polling.names.contains("cistern_poll_\(name)_total"), "\(name)")
            }
        }
    }

    @Test("Scripts of configured pages may use the server, others may not")
    func crossOrigin() async throws {
        let flags = ["--cors-origins", "https://app.example"]
        try await withCistern(CisternOptions(layout: .split, bucketFlags: flags, pollFlags: flags)) { system in
            func preflight(_ path: String, _ method: String, _ origin: String, _ server: DaemonProcess) async throws
                -> Answer
            {
                try await system.send(
                    "OPTIONS", path,
                    headers: [
                        ("Origin", origin), ("Access-Control-Request-Method", method),
                        ("Access-Control-Request-Headers", "if-none-match"),
                    ],
                    to: server)
            }
            let push = try await preflight("/v1/apps/board/changes/c1", "PUT", "https://app.example", system.bucket)
            #expect(push.status == 204)
            #expect(push["Access-Control-Allow-Origin"] == "https://app.example")
            #expect(push["Access-Control-Allow-Methods"]?.contains("PUT") == true)
            for name in [
                "Content-Type", "If-Match", "If-None-Match", "Prefer", "A-IM", "Authorization", "Last-Event-ID",
            ] {
                #expect(push["Access-Control-Allow-Headers"]?.contains(name) == true, "\(name)")
            }
            #expect(
                try await preflight("/v1/apps/board/state", "GET", "https://app.example", system.poller).status == 204)
            let stranger = try await preflight("/v1/apps/board/state", "GET", "https://evil.example", system.poller)
            #expect(stranger["Access-Control-Allow-Origin"] == nil)

            _ = try await system.push("{}", id: "c1", headers: [("Origin", "https://app.example")])
            _ = try await system.settled()
            let state = try await system.state(headers: [("Origin", "https://app.example")])
            #expect(state["Access-Control-Allow-Origin"] == "https://app.example")
            for name in [
                "ETag", "Location", "Retry-After", "IM", "Delta-Base", "Preference-Applied", "Cistern-Position",
                "Cistern-Poll-Interval",
            ] {
                #expect(state["Access-Control-Expose-Headers"]?.contains(name) == true, "\(name)")
            }
            #expect(state["Vary"]?.contains("Origin") == true)
            #expect(
                try await system.state(headers: [("Origin", "https://evil.example")])["Access-Control-Allow-Origin"]
                    == nil)
            // Errors too, so that scripts can read them.
            let problem = try await system.state(of: "nobody", headers: [("Origin", "https://app.example")])
            #expect(problem["Access-Control-Allow-Origin"] == "https://app.example")
        }
    }

    @Test("One front and daemons apart give the same answers")
    func layouts() async throws {
        func answers(_ layout: CisternOptions.Layout) async throws -> [String] {
            try await withCistern(CisternOptions(layout: layout)) { system in
                var answers: [Answer] = []
                answers.append(try await system.push(#"{"a":1}"#, id: "c1", headers: [("Prefer", "wait=20")]))
                let epoch = answers[0].member("epoch")?.stringValue ?? "?"
                answers.append(try await system.push(#"{"a":2}"#, id: "c1"))
                answers.append(
                    try await system.push(
                        #"[{"op":"remove","path":"/z"}]"#, .patch, id: "c2", headers: [("Prefer", "wait=20")]))
                answers.append(try await system.push("{", id: "c3"))
                answers.append(try await system.batch(#"[{"id":"b","type":"application/json","change":{"b":1}}]"#))
                answers.append(try await system.settled())
                answers.append(try await system.state(headers: [("If-None-Match", "\(epoch)-3")]))
                answers.append(try await system.state("?at_least=x-1"))
                answers.append(try await system.state(of: "nobody"))
                answers.append(try await system.get("/v1/apps/board/changes/c2"))
                answers.append(try await system.get("/v1/apps/board/changes?after=9"))
                answers.append(try await system.send("PUT", "/v1/apps/-/state"))
                answers.append(try await system.send("DELETE", "/v1/apps/board"))
                answers.append(try await system.push(#"{"a":1}"#, id: "c1"))
                return answers.map { answer in
                    let headers = answer.headers.filter { !["date", "server"].contains($0.name.lowercased()) }
                        .map { "\($0.name.lowercased()): \($0.value)" }.sorted().joined(separator: "\n")
                    return "\(answer.status)\n\(headers)\n\(answer.text)".replacing(epoch, with: "EPOCH")
                }
            }
        }
        let (front, split) = (try await answers(.front), try await answers(.split))
        for (one, other) in zip(front, split) {
            // `PUT …/state` is a path of the poll server alone when the daemons are apart.
            if one.hasPrefix("405") || other.hasPrefix("404\n") && other.contains("/problems/not-found") { continue }
            #expect(one == other)
        }
    }
}

/// Prometheus' text format, read strictly.
struct Exposition {
    private(set) var samples: [(name: String, labels: String, value: Double)] = []

    init(_ text: String) throws {
        let sample = /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)/
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") { continue }
            let match = try #require(try sample.wholeMatch(in: line), "no sample: \(line)")
            let value = match.3 == "+Inf" ? Double.infinity : match.3 == "NaN" ? Double.nan : Double(match.3)
            samples.append((String(match.1), String(match.2 ?? ""), try #require(value, "no number: \(line)")))
        }
        try #require(text.hasSuffix("\n"))
    }

    var names: Set<String> { Set(samples.map(\.name)) }

    /// The sum over all labels.
    func value(_ name: String) -> Double { samples.filter { $0.name == name }.reduce(0) { $0 + $1.value } }
}
