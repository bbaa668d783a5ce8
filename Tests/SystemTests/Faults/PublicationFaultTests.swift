import Documents
import NIOPosix
import Relays
import SystemSupport
import TestSupport
import Testing

/// What is said of operations in states while those that say it are killed, or hear nothing.
@Suite("Operations in the state when merge daemons die or hear nothing", .serialized, .timeLimit(.minutes(20)))
struct PublicationFaultTests {
    private static let applications = (0..<6).map { "board-\($0)" }
    private static let operationsEach = 12
    @Test("Merge daemons are killed again and again while operations move: each status is said once, and in order")
    func killed() async throws {
        try await withCistern(CisternOptions(mergeDaemons: 2)) { system in
            // Merge daemons take out of the logs what is merged, so they are read all the time.
            let reading = Task { await system.readLogs(of: Self.applications) }
            let expected = try await withThrowingTaskGroup(of: (String, [String: [String]]).self) { group in
                for application in Self.applications {
                    group.addTask {
                        var statuses: [String: [String]] = [:]
                        for number in 0..<Self.operationsEach {
                            statuses["o\(number)"] = try await system.go(through: number, in: application)
                        }
                        return (application, statuses)
                    }
                }
                for round in 0..<8 {
                    try await Task.sleep(for: .milliseconds(150))
                    // Every third time nobody is there for a while.
                    for daemon in round % 3 == 2 ? system.mergeDaemons : [system.mergeDaemons[round % 2]] {
                        daemon.kill()
                    }
                    for daemon in system.mergeDaemons where !daemon.isRunning { try await daemon.launch() }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for (application, statuses) in expected {
                let count = statuses.values.reduce(0) { $0 + $1.count }
                func tail() async throws -> Int? {
                    try await system.get("/v1/apps/\(application)").member("tail")?.integerValue
                }
                try await eventually(within: .seconds(20), "all of \(application) is said") {
                    try await tail() == count
                }
                let jobs = try await system.settled(application).json["jobs"]
                for (id, statuses) in statuses {
                    #expect(jobs?[id]?["status"]?.stringValue == statuses.last, "\(application) \(id)")
                }
                #expect(try await tail() == count, "\(application)")
            }
            reading.cancel()
            for (application, said) in await reading.value {
                #expect(!said.isEmpty)
                for (id, statuses) in said {
                    let all = expected[application]?[id] ?? []
                    #expect(statuses.isSubsequence(of: all), "\(application) \(id): \(statuses) of \(all)")
                }
            }
        }
    }

    @Test("Whoever publishes hears of nothing: each status is said all the same, as soon as it looks by itself")
    func deaf() async throws {
        try await withCistern(CisternOptions(mergeDaemons: 0)) { system in
            let folder = system.redis.folder
            let relay = try await Relay(
                at: "\(folder)/relay.sock", to: system.redis.socketPath, .redis(nil),
                on: MultiThreadedEventLoopGroup.singleton)
            defer { relay.close() }
            relay.trouble.change { $0.dropsHints = true }
            let memcached = "unix://\(system.memcacheds[0].address)"
            let daemon = DaemonProcess(
                .mergeDaemon,
                options: ["--redis-url", "unix://\(relay.path)", "--memcached", memcached],
                logFile: "\(folder)/deaf.log")
            defer { daemon.kill() }
            try await daemon.launch()
            /// It looks every second.
            func hears(_ status: String, within limit: Duration = .seconds(4)) async throws {
                try await eventually(within: limit, "\(status) is said") {
                    try await system.state().json["jobs"]?["e1"]?["status"]?.stringValue == status
                }
            }
            _ = try await system.operate("PUT", "e1", #"{"kind":"export","publish":"/jobs/e1"}"#)
            // It has to lead the partition first.
            try await hears("queued", within: .seconds(20))
            let lease = [("Lease-Token", try #require(try await system.claim()?["lease"]?["token"]?.stringValue))]
            try await hears("running")
            _ = try await system.operate("POST", "e1:cancel")
            try await hears("cancelling")
            _ = try await system.operate("PUT", "e1/result", "x", headers: lease, type: "text/plain")
            try await hears("succeeded")
        }
    }
}

extension TestCistern {
    /// Makes an operation and works on it, in one of several ways.
    ///
    /// - Returns: the statuses that it had.
    fileprivate func go(through number: Int, in application: String) async throws -> [String] {
        let path = "/v1/apps/\(application)/operations/o\(number)"
        let kind = "k-\(application)-\(number)"
        let json = [("Content-Type", "application/json")]
        func ask(_ method: String, _ suffix: String, _ body: String? = nil, _ headers: [(String, String)] = [])
            async throws
        {
            let answer = try await send(
                method, path + suffix, headers: headers, body: body.map { Array($0.utf8) }, to: bucket)
            guard answer.status < 300 else { throw TestSupportError("\(method) \(path)\(suffix): \(answer.refusal)") }
        }
        func claim() async throws -> [(String, String)] {
            let answer = try await send(
                "POST", "/v1/operations:claim", headers: json,
                body: Array(#"{"worker":"w","kinds":["\#(kind)"],"apps":["\#(application)"],"wait_s":10}"#.utf8),
                to: bucket)
            return [("Lease-Token", try #require(answer.member("items")?[0]?["lease"]?["token"]?.stringValue))]
        }
        try await ask("PUT", "", #"{"kind":"\#(kind)","publish":"/jobs/o\#(number)"}"#, json)
        var lease = try await claim()
        switch number % 3 {
        case 0:
            try await ask("PUT", "/result", "x", lease)
            return ["queued", "running", "succeeded"]
        case 1:
            try await ask("POST", ":fail", #"{"error":{},"retryable":true,"retry_after_s":0}"#, json + lease)
            lease = try await claim()
            try await ask("PUT", "/result", "x", lease)
            return ["queued", "running", "queued", "running", "succeeded"]
        default:
            try await ask("POST", ":cancel")
            try await ask("DELETE", "/lease", nil, lease)
            return ["queued", "running", "cancelling", "cancelled"]
        }
    }

    /// Reads the logs of applications until it is cancelled.
    ///
    /// - Returns: the statuses that were said, by application and operation. What was taken out before it was read is missing.
    fileprivate func readLogs(of applications: [String]) async -> [String: [String: [String]]] {
        var statuses: [String: [String: [String]]] = [:]
        var last: [String: Int] = [:]
        while !Task.isCancelled {
            for application in applications {
                let path = "/v1/apps/\(application)/changes?limit=1000&after=\(last[application] ?? 0)"
                guard let changes = try? await get(path).member("changes") else { continue }
                for change in changes.elements {
                    last[application] = change["position"]?.integerValue
                    let jobs: Document = change["change"]?["jobs"] ?? .emptyObject
                    for (id, job) in jobs.members {
                        statuses[application, default: [:]][id, default: []].append(
                            job["status"]?.stringValue ?? "none")
                    }
                }
            }
        }
        return statuses
    }
}

extension [String] {
    /// Whether all of these are among the others, in the same order.
    fileprivate func isSubsequence(of others: [String]) -> Bool {
        var rest = others[...]
        return allSatisfy { element in
            guard let place = rest.firstIndex(of: element) else { return false }
            rest = rest[(place + 1)...]
            return true
        }
    }
}
