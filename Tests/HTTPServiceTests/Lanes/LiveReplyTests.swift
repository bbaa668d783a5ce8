import HTTPService
import Metrics
import MetricsTestKit
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite("Lanes whose clients wait", .timeLimit(.minutes(1)))
struct LiveReplyTests {
    enum Leaving: CaseIterable {
        case closes, resets, finishes

        func callAsFunction(_ connection: RawConnection) async throws {
            switch self {
            case .closes: try await connection.close()
            case .resets: try await connection.reset()
            case .finishes: connection.finish()
            }
        }
    }

    private func waiting(_ lanes: LiveLanes, _ count: Int = 1) async throws {
        try await eventually("\(count) wait") { try await lanes.count() == count }
    }

    @Test(
        "A lane is told at once that a peer has left who waits or is sent a stream; one that may only have finished sending is answered",
        arguments: Leaving.allCases,
        ["patient1", "stream1"])
    func left(leaving: Leaving, name: String) async throws {
        let lanes = LiveLanes()
        let start = ContinuousClock.now
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll(name))
                try await waiting(lanes)
                if name == "stream1" { _ = try await connection.text(through: "\r\n\r\n") }
                try await leaving(connection)
                try await waiting(lanes, 0)
                #expect(lanes.events.contains("\(name) \(leaving == .resets ? "left" : "stops")"))
                guard leaving == .finishes else { return }
                let rest = try await connection.rest()
                #expect(name == "stream1" ? rest == "0\r\n\r\n" : rest.contains("lane patient1 stopped"))
            }
        }
        // Not by any deadline.
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test("What the peer had sent behind its request is given up with it, however much that is")
    func leftBehindMuch() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                let more = String(repeating: poll("now1"), count: 4_000)
                try await connection.send(poll("patient1") + more)
                try await waiting(lanes)
                try await connection.reset()
                try await waiting(lanes, 0)
            }
        }
        #expect(lanes.events == ["patient1 left"])
    }

    @Test("A reply that nobody listens for is delivered also to one who has finished sending")
    func short() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("short1"))
                connection.finish()
                try await waiting(lanes)
                try await lanes.with("short1") { $0.answer("lane short1") }
                #expect(try await connection.response().origin == "lane short1")
                #expect(try await connection.rest() == "")
            }
        }
        #expect(lanes.events.isEmpty)
    }

    @Test("A patient reply is delivered, and the connection goes on")
    func patient() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                for number in 1...3 {
                    try await connection.send(poll("patient\(number)") + poll("now\(number)"))
                    try await waiting(lanes)
                    try await lanes.with("patient\(number)") { $0.answer("lane \($0.name)") }
                    #expect(try await connection.response().origin == "lane patient\(number)")
                    #expect(try await connection.response().origin == "lane now\(number)")
                }
            }
        }
        #expect(lanes.events.isEmpty)
    }

    @Test("Who begins to listen after the peer has finished sending is told all the same", arguments: [false, true])
    func listensLate(begins: Bool) async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                // The first reply comes when the end has been seen: who finishes is told so by the second one's peer.
                try await connection.send(poll("short1"))
                try await waiting(lanes)
                connection.finish()
                try await RawConnection.with(address) { other in
                    try await other.send(poll("patient1"))
                    try await waiting(lanes, 2)
                    other.finish()
                    try await waiting(lanes, 1)
                }
                try await lanes.with("short1") { begins ? $0.begin() : $0.reply.listen($0) }
                try await waiting(lanes, 0)
                #expect(lanes.events.contains("short1 stops"))
            }
        }
    }

    @Test("A graceful stop has who waits answered at once, a stream ended, and the connections closed behind it")
    func stops() async throws {
        let lanes = LiveLanes()
        try await withStoppableServer(lanes: [lanes]) { server in
            try await RawConnection.with(server.address) { patient in
                try await RawConnection.with(server.address) { stream in
                    try await patient.send(poll("patient1") + poll("now1"))
                    try await stream.send(poll("stream1") + poll("now2"))
                    try await waiting(lanes, 2)
                    _ = try await stream.text(through: "\r\n\r\n")
                    await server.stop()
                    #expect(try await patient.response().origin == "lane patient1 stopped")
                    #expect(try await patient.rest() == "")
                    #expect(try await stream.rest() == "0\r\n\r\n")
                }
            }
            try await server.ended()
        }
        #expect(Set(lanes.events) == ["stream1 began", "patient1 stops", "stream1 stops"])
    }

    @Test("Who begins to listen while the server stops is told at once", arguments: [false, true])
    func stopsEarlier(begins: Bool) async throws {
        let lanes = LiveLanes()
        try await withStoppableServer(lanes: [lanes]) { server in
            try await RawConnection.with(server.address) { idle in
                try await RawConnection.with(server.address) { connection in
                    try await connection.send(poll("short1"))
                    try await waiting(lanes)
                    await server.stop()
                    #expect(try await idle.rest() == "")
                    try await lanes.with("short1") { begins ? $0.begin() : $0.reply.listen($0) }
                    let rest = try await connection.rest()
                    #expect(rest.hasSuffix(begins ? "0\r\n\r\n" : "lane short1 stopped"))
                }
            }
            try await server.ended()
        }
    }

    @Test("A wait counts with the times of those that may wait, and a stream is counted once")
    func metrics() async throws {
        let lanes = LiveLanes()
        let metrics = TestMetrics()
        var limits = HTTPLimits()
        limits.headDeadline = .seconds(2)
        try await withServer(lanes: [lanes], limits: limits, metrics: metrics) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("patient1") + poll("stream1") + poll("short1"))
                try await waiting(lanes)
                try await lanes.with("patient1") { $0.answer("lane patient1") }
                try await eventually("it streams") { lanes.events.contains("stream1 began") }
                try await lanes.with("stream1") { waiter in
                    for _ in 0..<9 { waiter.send("x") }
                    waiter.end()
                }
                try await waiting(lanes)
                try await lanes.with("short1") { $0.answer("lane short1") }
                _ = try await connection.text(through: "lane short1")
                let state = [("method", "GET"), ("route", "/v1/apps/{app}/state")]
                try await eventually("all are counted") {
                    try metrics.expectCounter("http_express_requests", state).totalValue == 3
                }
                func times(wait: String) throws -> Int {
                    try metrics.expectTimer("http_request_seconds", state + [("wait", wait)]).values.count
                }
                #expect(try times(wait: "yes") == 1)
                #expect(try times(wait: "no") == 2)
                #expect(lanes.mostLoad.withLock { $0 } >= 0)
                #expect(lanes.mostLoad.withLock { $0 } <= 1)
            }
        }
    }
}
