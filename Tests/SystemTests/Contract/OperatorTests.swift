import Documents
import SystemSupport
import TestSupport
import Testing

@Suite("What operators see", .timeLimit(.minutes(20)))
struct OperatorTests {
    private func daemons(_ system: TestCistern) async throws -> [String: [Document]] {
        let answer = try await system.get("/v1/daemons")
        #expect(answer.status == 200, "\(answer.text)")
        let all = answer.member("daemons").map { Array($0.elements) } ?? []
        return Dictionary(grouping: all) { $0["role"]?.stringValue ?? "no role" }
    }

    private func statuses(_ system: TestCistern, _ role: String) async throws -> [String] {
        try await daemons(system)[role]?.compactMap { $0["status"]?.stringValue }.sorted() ?? []
    }

    @Test("Every daemon is listed with address, health and figures; merge daemons with their partitions")
    func listing() async throws {
        var options = CisternOptions.split
        options.mergeDaemons = 2
        try await withCistern(options) { system in
            try await eventually(within: .seconds(20), "all daemons have told where they listen and what they lead") {
                let all = try await daemons(system)
                let led = all["merge-daemon"]?.flatMap {
                    $0["partitions"].map { $0.elements.compactMap(\.integerValue) } ?? []
                }
                return all.values.joined().count == 4 && led?.sorted() == Array(0..<64)
                    && all.values.joined().allSatisfy { $0["address"]?.stringValue?.isEmpty == false }
            }
            let poller = try #require(try await daemons(system)["state-poll"]?.first)
            #expect(poller["address"]?.stringValue == "127.0.0.1:\(system.poller.port)")
            #expect(poller["status"]?.stringValue == "ready" && poller["ready"]?.boolValue == true)
            #expect(try await system.get("/v1/daemons").member("partitions")?.integerValue == 64)
            _ = try await system.outcome("{}", id: "c1")
            try await eventually(within: .seconds(20), "the figures say what was done") {
                let all = try await daemons(system)
                let pushes = all["change-bucket"]?.first?["figures"]?["pushes"]?.integerValue
                let folded = all["merge-daemon"]?.compactMap { $0["figures"]?["folded"]?.integerValue }.reduce(0, +)
                return pushes == 1 && folded == 1
            }
        }
    }

    @Test("Who is killed is silent after some seconds; who stops in the ordinary way is not listed any more")
    func ends() async throws {
        var options = CisternOptions.split
        options.mergeDaemons = 2
        try await withCistern(options) { system in
            try await eventually(within: .seconds(20), "both are ready") {
                try await statuses(system, "merge-daemon") == ["ready", "ready"]
            }
            system.mergeDaemons[0].kill()
            try await eventually(within: .seconds(20), "the one that was killed is silent") {
                try await statuses(system, "merge-daemon") == ["ready", "silent"]
            }
            try await system.mergeDaemons[1].stop()
            #expect(try await statuses(system, "merge-daemon") == ["silent"])
        }
    }

    @Test("With Redis away nobody is known, and that is said")
    func withoutRedis() async throws {
        try await withCistern { (system: TestCistern) async throws in
            system.redis.stop()
            for path in ["/v1/daemons", "/v1/apps?sort=rate"] {
                let answer = try await system.get(path)
                #expect(answer.refusal == "503 log-unavailable", "\(path)")
            }
        }
    }

    @Test(
        "The busiest applications are ranked by what merging and polling have seen of them, by lanes as by routes",
        arguments: Ways.polls)
    func busiest(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            func names(_ sort: String) async throws -> [String] {
                let answer = try await system.get("/v1/apps?sort=\(sort)")
                #expect(answer.member("sort")?.stringValue == sort)
                return answer.member("apps")?.elements.compactMap { $0["app"]?.stringValue } ?? []
            }
            let work = Task {
                for number in 1... where !Task.isCancelled {
                    _ = try await system.push("{}", id: "a~\(number)", to: "often")
                    if number % 4 == 0 { _ = try await system.push("{}", id: "a~\(number / 4)", to: "rarely") }
                    _ = try await system.get("/v1/apps/rarely/state")
                }
            }
            defer { work.cancel() }
            async let waiting = system.get(
                "/v1/apps/often/state", headers: [("If-None-Match", "*"), ("Prefer", "wait=1")])
            try await eventually(
                within: .seconds(20), "the one that is pushed to more is first by rate, the other by polls"
            ) {
                let polled = try await names("polls")
                return try await names("rate") == ["often", "rarely"] && polled.first == "rarely"
            }
            _ = try await waiting
            let first = try await system.get("/v1/apps?sort=rate&limit=1").member("apps")
            #expect(first?.count == 1)
            #expect(
                Set((first?[0]?.members).map { $0.map(\.name) } ?? [])
                    == ["app", "rate", "pending", "lag", "bytes", "polls", "followers"])
            for query in [
                "sort=name", "sort=", "sort=rate&prefix=a", "sort=rate&after=a", "sort=rate&limit=51",
                "sort=rate&limit=0",
            ] {
                #expect(try await system.get("/v1/apps?\(query)").refusal == "400 invalid-parameter", "\(query)")
            }
        }
    }

    @Test(
        "Clients that wait are counted for their application, by whatever way they do, until they go",
        arguments: Ways.polls)
    func followers(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed("{}", id: "c1")
            func counted() async throws -> Int {
                let answer = try await system.get("/v1/apps?sort=followers")
                return answer.member("apps")?[0]?["followers"]?.integerValue ?? 0
            }
            let poll = Task { try await system.state(headers: state.next(wait: 50)) }
            let many = Task {
                try await system.get(
                    "/v1/states?apps=board@\(state.version ?? "")", headers: [("Prefer", "wait=50")])
            }
            try await system.withEvents { _ in
                try await system.withSocket { _ in
                    try await eventually(within: .seconds(20), "all four are counted") { try await counted() == 4 }
                    #expect(try await system.metric("cistern_poll_followers", at: system.poller) == 4)
                }
            }
            _ = try await system.push(#"{"n":1}"#, id: "c2")
            _ = try await (poll.value, many.value)
            try await eventually(within: .seconds(20), "nobody is counted any more") { try await counted() == 0 }
            #expect(try await system.metric("cistern_poll_followers", at: system.poller) == 0)
        }
    }

    @Test("The latest changes are known with their outcome after the log has been trimmed")
    func latest() async throws {
        try await withCistern { system in
            for number in 1...80 {
                let patch = number % 10 == 0 ? #"[{"op":"remove","path":"/none"}]"# : "[]"
                #expect(try await system.push(patch, .patch, id: "k~\(number)").status == 201)
            }
            try await eventually(within: .seconds(20), "the log is trimmed") {
                try await system.get("/v1/apps/board/changes").member("changes")?.count == 0
            }
            let answer = try await system.get("/v1/apps/board/changes?latest=64")
            let changes = answer.member("changes").map { Array($0.elements) } ?? []
            #expect(changes.compactMap { $0["position"]?.integerValue } == Array(17...80))
            #expect(changes.compactMap { $0["id"]?.stringValue } == (17...80).map { "k~\($0)" })
            for change in changes {
                let isRejected = (change["position"]?.integerValue ?? 0) % 10 == 0
                #expect(change["status"]?.stringValue == (isRejected ? "rejected" : "applied"))
                #expect((change["reason"]?["type"]?.stringValue == "/problems/path-not-found") == isRejected)
            }
            // One that waits stands behind them, with what it is.
            try await system.merger.stop()
            _ = try await system.push(#"{"a":1}"#, id: "k~81")
            let last =
                try await system.get("/v1/apps/board/changes?latest=2").member("changes").map { Array($0.elements) }
                ?? []
            #expect(last.compactMap { $0["status"]?.stringValue } == ["rejected", "pending"])
            #expect(last.last?["change"]?["a"]?.integerValue == 1)
            #expect(try await system.get("/v1/apps/none/changes?latest=5").refusal == "404 unknown-app")
            for query in ["latest=0", "latest=65", "latest=5&after=1", "latest=5&limit=1"] {
                #expect(try await system.get("/v1/apps/board/changes?\(query)").refusal == "400 invalid-parameter")
            }
        }
    }
}
