import HTTPService
import Metrics
import MetricsTestKit
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import HTTPService

@Suite("The end of a server with lanes", .timeLimit(.minutes(1)))
struct LaneStopTests {
    /// Far below any deadline that would end a connection.
    private static let soon = Duration.seconds(8)

    @Test(
        "A graceful stop closes idle connections, those of lanes, of routes, of both, and those that have not said anything"
    )
    func idle() async throws {
        let start = ContinuousClock.now
        try await withStoppableServer(lanes: [StubLanes()]) { server in
            try await RawConnection.with(server.address) { silent in
                try await RawConnection.with(server.address) { lane in
                    try await RawConnection.with(server.address) { both in
                        try await lane.send(poll("now1"))
                        #expect(try await lane.response().status == 200)
                        try await both.send(poll("a"))
                        #expect(try await both.response().status == 200)
                        try await both.send(poll("now1"))
                        #expect(try await both.response().status == 200)
                        await server.stop()
                        #expect(try await silent.rest() == "")
                        #expect(try await lane.rest() == "")
                        #expect(try await both.rest() == "")
                    }
                }
            }
            try await server.ended()
        }
        #expect(ContinuousClock.now - start < Self.soon)
    }

    @Test("A reply that comes after the stop has begun is delivered, and is the last")
    func lateReply() async throws {
        let lanes = StubLanes(holdsReplies: true)
        try await withStoppableServer(lanes: [lanes]) { server in
            try await RawConnection.with(server.address) { idle in
                try await RawConnection.with(server.address) { connection in
                    try await connection.send(poll("later1") + poll("now1"))
                    while lanes.takenCount < 1 { await Task.yield() }
                    await server.stop()
                    // The stop has reached the connections when it has closed one that is idle.
                    #expect(try await idle.rest() == "")
                    try await lanes.release()
                    #expect(try await connection.response().origin == "lane later1")
                    #expect(try await connection.rest() == "")
                }
            }
            try await server.ended()
        }
        #expect(lanes.takenCount == 1)
    }

    @Test("A request that a route is at work on is answered")
    func route() async throws {
        try await withStoppableServer(lanes: [StubLanes()]) { server in
            try await RawConnection.with(server.address) { idle in
                try await RawConnection.with(server.address) { connection in
                    try await connection.send(
                        poll("now1") + "PUT /v1/apps/a/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell")
                    #expect(try await connection.response().origin == "lane now1")
                    await server.stop()
                    #expect(try await idle.rest() == "")
                    try await connection.send("o")
                    #expect(try await connection.response().status == 201)
                    #expect(try await connection.rest() == "")
                }
            }
            try await server.ended()
        }
    }

    @Test("A request for a lane whose body is still coming is answered as one for a route is")
    func bodyUnderWay() async throws {
        try await withStoppableServer(lanes: [StubLanes()]) { server in
            try await RawConnection.with(server.address) { idle in
                try await RawConnection.with(server.address) { connection in
                    try await connection.send(
                        poll("now1")
                            + "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell")
                    #expect(try await connection.response().origin == "lane now1")
                    await server.stop()
                    #expect(try await idle.rest() == "")
                    try await connection.send("o")
                    #expect(try await connection.response().status < 300)
                    #expect(try await connection.rest() == "")
                }
            }
            try await server.ended()
        }
    }

    @Test("A large answer that is under way is delivered whole")
    func largeAnswer() async throws {
        let count = 20_000_000
        let lanes = StubLanes()
        try await withStoppableServer(lanes: [lanes]) { server in
            try await RawConnection.with(server.address) { connection in
                try await connection.send(poll("big\(count)"))
                while lanes.takenCount < 1 { await Task.yield() }
                await server.stop()
                #expect(try await connection.response().body.utf8.count == count)
                #expect(try await connection.rest() == "")
            }
            try await server.ended()
        }
    }

    @Test(
        "A peer that does not read cannot hold up the stop, whether it goes on sending or not",
        arguments: [false, true])
    func doesNotRead(goesOnSending: Bool) async throws {
        var limits = HTTPLimits()
        limits.writeStall = .milliseconds(300)
        let lanes = StubLanes()
        try await withStoppableServer(lanes: [lanes], limits: limits) { server in
            try await RawConnection.with(server.address) { connection in
                try await connection.send(poll("big50000000"))
                while lanes.takenCount < 1 { await Task.yield() }
                await server.stop()
                if goesOnSending {
                    // Below what the sockets' buffers take, so that sending does not wait.
                    for _ in 0..<20 {
                        do { try await connection.send(poll("now1")) } catch { break }
                        try await Task.sleep(for: .milliseconds(50))
                    }
                }
                try await server.ended()
            }
        }
    }

    @Test("Cancelling ends everything", arguments: ["", "now1", "a", "later1"])
    func cancelled(name: String) async throws {
        try await withStoppableServer(lanes: [StubLanes()]) { server in
            try await RawConnection.with(server.address) { connection in
                if !name.isEmpty {
                    try await connection.send(poll(name))
                    #expect(try await connection.response().status == 200)
                }
                server.cancel()
                #expect(try await connection.rest() == "")
            }
            try await server.ended()
        }
    }

    @Test("Above the cap connections wait until another closes, also where lanes answer")
    func cap() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        let metrics = TestMetrics()
        try await withServer(lanes: [StubLanes()], limits: limits, metrics: metrics) { address in
            try await RawConnection.with(address) { first in
                try await first.send(poll("now1"))
                #expect(try await first.response().status == 200)
                async let second = exchange(address, "GET /v1/apps/now2/state HTTP/1.1\nHost: x")
                try await first.send(poll("now3"))
                #expect(try await first.response().origin == "lane now3")
                first.finish()
                #expect(try await first.rest() == "")
                #expect(try await second.origin == "lane now2")
            }
        }
        #expect(try metrics.expectMeter("http_connections").values.max() == 1)
        #expect(try metrics.expectMeter("http_connections").lastValue == 0)
    }

    @Test("Memory for bodies is taken while they come, and given back in every way that it can end")
    func bodyBudget() async throws {
        var limits = HTTPLimits()
        limits.bodiesInFlightBytes = 600
        limits.bodyDeadline = .milliseconds(500)
        limits.linger = .milliseconds(50)
        let put = "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n"
        let body = String(repeating: "x", count: 400)
        try await withServer(lanes: [StubLanes()], limits: limits) { address in
            for round in 0..<3 {
                // Whole in two pieces, given up by the peer, and slow. Memory is free again when the server has noticed.
                try await eventually("round \(round): one of two has room") {
                    try await RawConnection.with(address) { connection in
                        try await connection.send(put + "x")
                        return try await RawConnection.with(address) { other in
                            // Two do not fit. Who takes part of the memory first is not said.
                            try await other.send(put + "x")
                            try await connection.send(String(body.dropFirst()))
                            try await other.send(String(body.dropFirst()))
                            let statuses = [try await connection.response().status, try await other.response().status]
                            #expect(
                                statuses.allSatisfy { [200, 201, 503].contains($0) }, "round \(round): \(statuses)")
                            return statuses.contains { $0 < 300 }
                        }
                    }
                }
                try await RawConnection.with(address) { try await $0.send(put + "x") }
                try await eventually("round \(round): a slow one is told so") {
                    try await RawConnection.with(address) { connection in
                        try await connection.send(put + "x")
                        return try await connection.response().status == 408
                    }
                }
            }
            try await eventually("all memory is free again") {
                try await RawConnection.with(address) { connection in
                    try await connection.send(put + "x")
                    try await connection.send(String(body.dropFirst()))
                    return try await connection.response().body.hasPrefix("lane now xxx")
                }
            }
        }
    }
}
