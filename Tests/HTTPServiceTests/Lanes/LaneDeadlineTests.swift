import Fold
import HTTPService
import HTTPTypes
import NIOCore
import Testing

@Suite("Deadlines of connections with lanes", .timeLimit(.minutes(1)))
struct LaneDeadlineTests {
    private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
        var limits = HTTPLimits()
        change(&limits)
        return limits
    }

    /// Long enough to be told apart from nothing, and far below any usual limit.
    private static let soon = Duration.seconds(6)

    @Test(
        "A connection that stays idle is closed, whoever answered last",
        arguments: [[], ["now1"], ["later1"], ["a"], ["a", "now1"], ["now1", "a"], ["now1", "a", "later1"]])
    func idle(names: [String]) async throws {
        let short = limits {
            $0.keepAlive = .seconds(3)
            $0.headDeadline = .seconds(6)
        }
        try await withServer(lanes: [StubLanes()], limits: short) { address in
            try await RawConnection.with(address) { connection in
                for name in names {
                    try await connection.send(poll(name))
                    #expect(try await connection.response().origin.hasSuffix(name))
                }
                let start = ContinuousClock.now
                #expect(try await connection.rest() == "")
                #expect(ContinuousClock.now - start < Self.soon * 2)
            }
        }
    }

    @Test(
        "A connection that keeps polling is not idle, also where the HTTP pipeline behind it sees nothing of that",
        arguments: [false, true])
    func polling(afterRoute: Bool) async throws {
        try await withServer(lanes: [StubLanes()], limits: limits { $0.keepAlive = .seconds(3) }) { address in
            try await RawConnection.with(address) { connection in
                if afterRoute {
                    try await connection.send(poll("a"))
                    #expect(try await connection.response().status == 200)
                }
                // The time in which an idle connection would have been closed twice.
                let end = ContinuousClock.now + .milliseconds(6_500)
                while ContinuousClock.now < end {
                    try await connection.send(poll("now1"))
                    #expect(try await connection.response().origin == "lane now1")
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    @Test(
        "A head that drips is cut off at the deadline, however steadily it comes",
        arguments: ["", "now1", "later1", "a"])
    func slowHead(before: String) async throws {
        try await withServer(lanes: [StubLanes()], limits: limits { $0.headDeadline = .seconds(1) }) { address in
            try await RawConnection.with(address) { connection in
                if !before.isEmpty {
                    try await connection.send(poll(before))
                    #expect(try await connection.response().status == 200)
                }
                let start = ContinuousClock.now
                try await connection.send("GET /v1/apps/now1/state HTTP/1.1\r\n")
                #expect(try await connection.rest(whileSending: "X: y\r\n", every: .milliseconds(20)) == "")
                #expect(ContinuousClock.now - start >= .milliseconds(700))
                #expect(ContinuousClock.now - start < Self.soon)
            }
        }
    }

    @Test("A peer that says nothing at all is cut off as one whose head drips")
    func silent() async throws {
        try await withServer(lanes: [StubLanes()], limits: limits { $0.headDeadline = .milliseconds(200) }) { address in
            try await RawConnection.with(address) { connection in
                let start = ContinuousClock.now
                let rest = try await connection.rest()
                #expect(rest == "")
                #expect(ContinuousClock.now - start < Self.soon)
            }
        }
    }

    @Test("A body that is slow in coming reaches the route, which says so at its own deadline")
    func slowBody() async throws {
        let short = limits {
            $0.bodyDeadline = .milliseconds(300)
            $0.linger = .milliseconds(50)
        }
        let lanes = StubLanes()
        try await withServer(lanes: [lanes], limits: short) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nHell")
                let response = try await connection.response()
                #expect(response.status == 408)
                #expect(response.problem == "request-timeout")
                #expect(try await connection.rest() == "")
            }
        }
        #expect(lanes.askedCount == 0)
    }

    @Test("A body that is slow, but comes, is answered")
    func slowBodyThatComes() async throws {
        try await withServer(lanes: [StubLanes()]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell")
                // Longer than a lane waits for it.
                try await Task.sleep(for: .milliseconds(2_500))
                try await connection.send("o" + poll("now1"))
                // On a busy machine the lane may still be waiting.
                let answers = ["{\"bytes\":5,\"id\":\"c1\"}", "lane now Hello"]
                #expect(answers.contains(try await connection.response().body))
                #expect(try await connection.response().status == 200)
            }
        }
    }

    @Test("A peer that does not read its answers loses them, and the server holds no more than its buffers")
    func doesNotRead() async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes], limits: limits { $0.writeStall = .milliseconds(400) }) { address in
            try await RawConnection.with(address) { connection in
                // Requests of 8 KB, together 64 MB, with answers of 480 MB.
                let requests = String(
                    repeating: poll("big60000", "X: \(String(repeating: "x", count: 7_900))\r\n"), count: 8)
                let sent = try #require(
                    try await connection.send(requests, times: 1_000, within: Self.soon), "it is never closed")
                #expect(sent < 700, "\(sent) of 1,000 parts were read, although nobody reads the answers")
                #expect(lanes.takenCount < 1_000, "\(lanes.takenCount) of 8,000 answers were made")
            }
        }
    }

    @Test("The same where the last thing it asked for is a reply that comes later")
    func doesNotReadReplies() async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes], limits: limits { $0.writeStall = .milliseconds(400) }) { address in
            try await RawConnection.with(address) { connection in
                let requests = String(repeating: poll("big4000"), count: 15) + poll("later1")
                let sent = try #require(
                    try await connection.send(requests, times: 40_000, within: Self.soon), "it is never closed")
                #expect(sent < 40_000)
                #expect(lanes.takenCount < 8_000, "\(lanes.takenCount) answers of 4,000 bytes were made")
            }
        }
    }
}
