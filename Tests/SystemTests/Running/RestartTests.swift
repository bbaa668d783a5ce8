import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Every daemon is stopped and started again under load, as systemd does it, whose socket units keep the listening sockets.
@Suite("Restarts under load", .timeLimit(.minutes(20)))
struct RestartTests {
    private static let applications = 8
    private static let rounds = 3

    private func poller(_ number: Int, of server: DaemonProcess, wait: Int? = nil) -> PlainClient {
        PlainClient(port: server.port, pause: .milliseconds(number % 4 == 0 ? 0 : 5 + number % 40)) { _, version in
            var head = "GET /v1/apps/board-\(number % Self.applications)/state HTTP/1.1"
            if let version { head += "\r\nIf-None-Match: \(version)" }
            if let wait { head += "\r\nPrefer: wait=\(wait)" }
            // What a route of the framework answers has to end as well as what a lane does.
            if number % 5 == 0 { head = head.replacing("/state ", with: "/state?path=/n ") }
            return PlainClient.Request(head: head, statuses: [200, 304])
        }
    }

    private func pusher(_ number: Int, to server: DaemonProcess, wait: Int? = nil) -> PlainClient {
        PlainClient(port: server.port, pause: .milliseconds(number % 3 == 0 ? 0 : 3 + number % 20)) { count, _ in
            PlainClient.Request(
                head: "PUT /v1/apps/board-\(number % Self.applications)/changes/p\(number)~\(count) HTTP/1.1\r\n"
                    + "Content-Type: application/vnd.cistern.patch+json"
                    + (wait.map { "\r\nPrefer: wait=\($0)" } ?? ""),
                body: #"[{"op":"increment","path":"/n","value":1},{"op":"increment","path":"/p\#(number)","value":1}]"#,
                statuses: [201])
        }
    }

    private func prepare(_ system: TestCistern) async throws {
        for number in 0..<Self.applications {
            let answer = try await system.push(#"{"n":0}"#, id: "first", to: "board-\(number)")
            #expect(answer.status == 201)
            _ = try await system.state(of: "board-\(number)", "?at_least=\(try #require(answer.position))")
        }
    }

    /// Everything acknowledged is in the states, once.
    private func check(_ system: TestCistern, pushed: Int) async throws {
        try await eventually(within: .seconds(20), "everything that was acknowledged is in the states") {
            var sum = 0
            for number in 0..<Self.applications {
                sum += try await system.state(of: "board-\(number)").member("n")?.integerValue ?? 0
            }
            return sum == pushed
        }
    }

    private func report(_ what: String, _ tally: PlainClient.Tally, restarts: Int) {
        print(
            "restart of \(what): \(restarts) times, \(tally.answers) requests on \(tally.connections) connections, \(tally.failures.count) failed, the slowest took \(tally.slowest)"
        )
    }

    private func withLoad(
        pollers: [PlainClient], pushers: [PlainClient], of what: String, _ system: TestCistern,
        restarts: () async throws -> Int
    ) async throws {
        let clients = pollers + pushers
        for client in clients { client.start() }
        try await eventually("all clients have answers") { clients.allSatisfy { $0.seen.answers > 5 } }
        let result: Result<Int, any Error>
        do { result = .success(try await restarts()) } catch { result = .failure(error) }
        var all = PlainClient.Tally()
        var pushed = 0
        for client in pollers { all = all + client.stop() }
        for client in pushers {
            let tally = client.stop()
            pushed += tally.answers
            all = all + tally
        }
        report(what, all, restarts: try result.get())
        #expect(all.failures.isEmpty, "\(all.failures.count) failed, first \(all.failures.prefix(5))")
        try await check(system, pushed: pushed)
    }

    @Test("Change-bucket and state-poll are restarted without one failed request")
    func bucketAndPoll() async throws {
        var options = CisternOptions.split
        options.keepsSockets = true
        try await withCistern(options) { system in
            try await prepare(system)
            try await withLoad(
                pollers: (0..<40).map { poller($0, of: system.poller) }
                    + (0..<10).map { poller($0, of: system.poller, wait: 20) },
                pushers: (0..<20).map { pusher($0, to: system.bucket) }
                    + (20..<24).map {
                        pusher($0, to: system.bucket, wait: 5)
                    }, of: "change-bucket and state-poll", system
            ) {
                for _ in 0..<Self.rounds {
                    for daemon in [system.bucket, system.poller] {
                        try await daemon.stop()
                        try await daemon.launch()
                        try await Task.sleep(for: .milliseconds(300))
                    }
                }
                return 2 * Self.rounds
            }
        }
    }

    @Test("The front is restarted without one failed request")
    func front() async throws {
        var options = CisternOptions.front
        options.keepsSockets = true
        try await withCistern(options) { system in
            try await prepare(system)
            try await withLoad(
                pollers: (0..<40).map { poller($0, of: system.poller) }
                    + (0..<10).map { poller($0, of: system.poller, wait: 20) },
                pushers: (0..<20).map { pusher($0, to: system.bucket) }, of: "cistern-front", system
            ) {
                for _ in 0..<Self.rounds {
                    try await system.poller.stop()
                    try await system.poller.launch()
                    try await Task.sleep(for: .milliseconds(300))
                }
                return Self.rounds
            }
        }
    }

    @Test("A merge daemon that is stopped hands its partitions over: no push waits for its leases to run out")
    func mergeDaemons() async throws {
        var options = CisternOptions(layout: .split, mergeDaemons: 2)
        // Longer than everything that is measured here.
        options.mergeFlags = ["--lease-time", "30s"]
        try await withCistern(options) { system in
            try await prepare(system)
            try await eventually(within: .seconds(20), "the daemons share the partitions") {
                guard let daemons = try await system.get("/v1/daemons").member("daemons")?.elements else {
                    return false
                }
                return daemons.count { $0["partitions"]?.count == 32 } == 2
            }
            let waiting = (0..<8).map { pusher($0, to: system.bucket, wait: 20) }
            try await withLoad(
                pollers: (0..<10).map { poller($0, of: system.poller) }, pushers: waiting, of: "merge-daemon", system
            ) {
                for client in waiting { client.forgetSlowest() }
                for _ in 0..<Self.rounds {
                    for daemon in system.mergeDaemons {
                        try await daemon.stop()
                        try await daemon.launch()
                        try await Task.sleep(for: .milliseconds(300))
                    }
                }
                let slowest = waiting.map(\.seen.slowest).max() ?? .zero
                print("the longest that a change waited to be merged meanwhile: \(slowest)")
                // Far below the lease time: they were handed over.
                #expect(slowest < .seconds(3))
                return 2 * Self.rounds
            }
        }
    }
}
