import HTTPService
import Metrics
import MetricsTestKit
import NIOCore
import TestSupport
import Testing

@Suite("Connections that a lane takes over", .timeLimit(.minutes(1)))
struct ConnectionTakerTests {
    private let upgrade = poll("take1", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")

    @Test(
        "The handlers get every byte from the request on, in order, whatever was answered before and however the bytes are cut",
        arguments: [0, 1, 50], [["now1"], ["a"], ["a", "now1", "b"]])
    func bytes(piece: Int, before: [String]) async throws {
        try await withServer(lanes: [LiveLanes()]) { address in
            try await RawConnection.with(address) { connection in
                let taken = upgrade + "\0\u{1}behind it" + poll("now2") + String(repeating: "z", count: 500)
                var rest = (before.map { poll($0) }.joined() + taken)[...]
                while !rest.isEmpty {
                    let part = rest.prefix(piece == 0 ? rest.count : piece)
                    try await connection.send(String(part))
                    rest = rest.dropFirst(part.count)
                }
                for name in before { #expect(try await connection.response().origin.hasSuffix(name)) }
                try await connection.send("later")
                #expect(try await connection.text(through: "later") == taken)
                connection.finish()
                #expect(try await connection.rest() == "END")
            }
        }
    }

    @Test("They hear of the stop")
    func stop() async throws {
        let lanes = LiveLanes()
        try await withStoppableServer(lanes: [lanes]) { server in
            try await RawConnection.with(server.address) { connection in
                try await connection.send(upgrade)
                _ = try await connection.text(through: "websocket\r\n\r\n")
                await server.stop()
                #expect(try await connection.rest() == "STOP")
            }
            try await server.ended()
        }
        #expect(lanes.events == ["take1 event"])
    }

    @Test("Such a connection counts among the others, and is not closed for being idle, whatever was answered before")
    func counts() async throws {
        let metrics = TestMetrics()
        var limits = HTTPLimits()
        limits.keepAlive = .milliseconds(100)
        limits.headDeadline = .milliseconds(300)
        limits.connections = 3
        try await withServer(lanes: [LiveLanes()], limits: limits, metrics: metrics) { address in
            try await RawConnection.with(address) { first in
                try await RawConnection.with(address) { second in
                    try await first.send(upgrade)
                    _ = try await first.text(through: "websocket\r\n\r\n")
                    try await second.send(poll("a") + upgrade)
                    _ = try await second.text(through: "websocket\r\n\r\n")
                    // Opened later, and closed when its time is over.
                    try await RawConnection.with(address) { silent in
                        let rest = try await silent.rest()
                        #expect(rest == "")
                    }
                    #expect(try metrics.expectMeter("http_connections").values.max() == 3)
                    for connection in [first, second] {
                        try await connection.send("still there")
                        #expect(try await connection.text(through: "there") == "still ")
                    }
                }
            }
            try await eventually("all have gone") { try metrics.expectMeter("http_connections").lastValue == 0 }
        }
    }

    @Test("Where the handlers cannot be installed the connection is closed")
    func fails() async throws {
        try await withServer(lanes: [LiveLanes()]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("now1") + poll("takeNot") + poll("now2"))
                #expect(try await connection.response().origin == "lane now1")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("An upgrade that no lane wants is the decoder's, and so is the connection from then on")
    func unwanted() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("now1") + poll("a", upgrade) + poll("now2"))
                #expect(try await connection.response().origin == "lane now1")
                #expect(try await connection.response().origin == "route a")
                connection.finish()
                #expect(try await !connection.rest().contains("lane now2"))
            }
        }
    }
}
