import Foundation
import HTTPService
import HTTPTypes
import Metrics
import MetricsTestKit
import NIOCore
import Testing

@testable import HTTPService

@Suite("Lanes and routes on one connection", .timeLimit(.minutes(1)))
struct LaneOrderTests {
    private func origins(_ connection: RawConnection, _ count: Int) async throws -> [String] {
        var origins: [String] = []
        for _ in 0..<count { origins.append(try await connection.response().origin) }
        return origins
    }

    @Test(
        "Answers keep the order of their requests, whoever gives them and however the bytes are cut",
        arguments: [0, 1, 7, 50])
    func order(piece: Int) async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                let names = [
                    "now1", "later1", "a", "later2", "now2", "leave1", "now3", "b", "c", "later3", "now4", "later4",
                    "d",
                ]
                let bytes =
                    names.map { poll($0) }.joined() + poll("e", path: "slow") + poll("now5") + poll("f", path: "slow")
                    + poll("later5")
                if piece == 0 {
                    try await connection.send(bytes)
                } else {
                    var rest = bytes[...]
                    while !rest.isEmpty {
                        try await connection.send(String(rest.prefix(piece)))
                        rest = rest.dropFirst(piece)
                    }
                }
                let expected = names.map { $0.contains(/now|later/) ? "lane \($0)" : "route \($0)" }
                #expect(try await origins(connection, names.count) == expected)
                #expect(try await origins(connection, 4) == ["route e", "lane now5", "route f", "lane later5"])
            }
        }
        #expect(lanes.takenCount == 10)
    }

    @Test("What a peer sends behind a request that a lane has not replied to waits for the reply")
    func lateReply() async throws {
        let lanes = StubLanes(holdsReplies: true)
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("later1") + poll("now1") + poll("a") + poll("later2") + poll("b"))
                while lanes.takenCount < 1 { await Task.yield() }
                // Another connection is not held up.
                #expect(try await exchange(address, "GET /v1/apps/now9/state HTTP/1.1\nHost: x").origin == "lane now9")
                #expect(lanes.takenCount == 2)
                try await lanes.release()
                #expect(try await origins(connection, 3) == ["lane later1", "lane now1", "route a"])
                while lanes.takenCount < 4 { await Task.yield() }
                try await lanes.release()
                #expect(try await origins(connection, 2) == ["lane later2", "route b"])
            }
        }
    }

    @Test("A connection comes back to the lane each time that a route has answered")
    func comesBack() async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                for round in 0..<20 {
                    try await connection.send(poll("a\(round)"))
                    #expect(try await origins(connection, 1) == ["route a\(round)"])
                    try await connection.send(poll("now\(round)"))
                    #expect(try await origins(connection, 1) == ["lane now\(round)"])
                    #expect(lanes.takenCount == round + 1)
                }
            }
        }
    }

    @Test(
        "A body reaches the lane whole, and one that the lane leaves reaches the route whole", arguments: [false, true])
    func bodies(byByte: Bool) async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                for name in ["now", "leave", "now"] {
                    let bytes = "PUT /v1/apps/\(name)/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHello"
                    if byByte {
                        for byte in bytes.utf8 { try await connection.send(String(decoding: [byte], as: UTF8.self)) }
                    } else {
                        try await connection.send(bytes)
                    }
                    let response = try await connection.response()
                    #expect(response.body == (name == "now" ? "lane now Hello" : "{\"bytes\":5,\"id\":\"c1\"}"))
                }
            }
        }
    }

    @Test("After a request that only the decoder may judge, the connection is the decoder's")
    func left() async throws {
        let lanes = StubLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("now1") + poll("a", "Expect: nothing\r\n") + poll("now2") + poll("b"))
                #expect(try await origins(connection, 4) == ["lane now1", "route a", "route now2", "route b"])
            }
        }
        #expect(lanes.takenCount == 1)
    }

    @Test(
        "A malformed request behind answered ones is refused behind their answers", arguments: ["now1", "later1", "a"])
    func malformedBehind(name: String) async throws {
        var limits = HTTPLimits()
        limits.linger = .milliseconds(50)
        try await withServer(lanes: [StubLanes()], limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll(name) + "NO HTTP\r\n\r\n")
                #expect(try await connection.response().origin.hasSuffix(name))
                let refusal = try await connection.response()
                #expect(refusal.problem == "malformed-request")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test(
        "Who has finished sending still gets all answers, and then the end",
        arguments: [
            ["now1"], ["later1"], ["a"], ["now1", "later1", "a", "now2"], ["a", "now1"], ["later1", "later2"],
            ["now1", "b"],
        ])
    func halfClosed(names: [String]) async throws {
        try await withServer(lanes: [StubLanes()]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(names.map { poll($0) }.joined())
                connection.finish()
                let origins = try await origins(connection, names.count)
                #expect(origins.map { String($0.split(separator: " ")[1]) } == names)
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test(
        "A reply that comes after the peer has finished sending is delivered, and what stood behind it answered",
        .timeLimit(.minutes(1)))
    func halfClosedWhileWaiting() async throws {
        let lanes = StubLanes(holdsReplies: true)
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("later1") + poll("now1") + poll("a"))
                connection.finish()
                while lanes.takenCount < 1 { await Task.yield() }
                try await lanes.release()
                #expect(try await origins(connection, 3) == ["lane later1", "lane now1", "route a"])
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test(
        "Half a request and then the end of sending is refused at once",
        arguments: [
            "GET /v1/apps/no", "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nHell",
            "PUT /v1/apps/now/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nHell",
            "PUT /v1/apps/a/changes/c1 HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nHell",
        ], ["", "now1", "later1", "a"])
    func halfARequest(bytes: String, before: String) async throws {
        let lanes = StubLanes(holdsReplies: true)
        let start = ContinuousClock.now
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send((before.isEmpty ? "" : poll(before)) + bytes)
                connection.finish()
                if before == "later1" {
                    while lanes.takenCount < 1 { await Task.yield() }
                    // Time for the end to be seen while the reply is owed; earlier is as good.
                    try await Task.sleep(for: .milliseconds(20))
                    try await lanes.release()
                }
                if !before.isEmpty { #expect(try await connection.response().origin.hasSuffix(before)) }
                let rest = try await connection.rest()
                #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 400"), "\(rest)")
            }
        }
        // Not by a deadline: the shortest that could have done it is 10 s.
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test("Lanes' answers are counted as their routes' are, and apart, after a tick at the latest")
    func metrics() async throws {
        let metrics = TestMetrics()
        var limits = HTTPLimits()
        limits.headDeadline = .seconds(2)
        try await withServer(lanes: [StubLanes()], limits: limits, metrics: metrics) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("now1") + poll("later1") + poll("a") + poll("now2"))
                _ = try await origins(connection, 4)
                let state = [("method", "GET"), ("route", "/v1/apps/{app}/state")]
                while try metrics.expectCounter("http_express_requests", state).totalValue < 3 {
                    try await Task.sleep(for: .milliseconds(5))
                }
                #expect(try metrics.expectCounter("http_requests", state + [("status", "2xx")]).totalValue == 4)
                #expect(try metrics.expectTimer("http_request_seconds", state + [("wait", "no")]).values.count == 2)
            }
        }
    }

    @Test("A lane's answer has the fields of the origin's page, and the date", arguments: ["now1", "later1"])
    func fields(name: String) async throws {
        try await withServer(lanes: [StubLanes()], origins: ["https://app.example.org"]) { address in
            try await RawConnection.with(address) { connection in
                for origin in ["Origin: https://app.example.org\r\n", "", "Origin: https://other.example.org\r\n"] {
                    try await connection.send(poll(name, origin) + poll("a", origin))
                    let (lane, route) = (try await connection.response(), try await connection.response())
                    for field in ["access-control-allow-origin", "access-control-expose-headers", "vary"] {
                        #expect(lane.headers[field] == route.headers[field])
                    }
                    #expect(lane.headers["date"]?.count == 29)
                }
            }
        }
    }

    @Test("A late reply has the fields of its own request's page, whatever was answered meanwhile")
    func lateFields() async throws {
        let lanes = StubLanes(holdsReplies: true)
        try await withServer(lanes: [lanes], origins: ["https://app.example.org"]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("later1", "Origin: https://app.example.org\r\n"))
                while lanes.takenCount < 1 { await Task.yield() }
                // Enough connections that some are on the same event loop.
                for _ in 0..<64 {
                    let other = try await exchange(address, "GET /v1/apps/now1/state HTTP/1.1\nHost: x")
                    #expect(other.headers["access-control-allow-origin"] == nil)
                }
                try await lanes.release()
                let response = try await connection.response()
                #expect(response.headers["access-control-allow-origin"] == "https://app.example.org")
            }
        }
    }
}
