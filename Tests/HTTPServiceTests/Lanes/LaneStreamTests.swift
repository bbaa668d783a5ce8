import HTTPService
import NIOCore
import TestSupport
import Testing

@Suite("Answers of lanes that go on", .timeLimit(.minutes(1)))
struct LaneStreamTests {
    private func streaming(_ lanes: LiveLanes, _ name: String = "stream1") async throws {
        try await eventually("\(name) streams") { lanes.events.contains("\(name) began") }
    }

    @Test("What is sent comes in order, in chunks, and the next request is answered behind the end")
    func order() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes], origins: ["https://app.example.org"]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(
                    poll("stream1", "Origin: https://app.example.org\r\n") + poll("now1") + poll("a"))
                try await streaming(lanes)
                for text in ["one", "two"] { try await lanes.with("stream1") { $0.send(text) } }
                try await connection.send(poll("stream2"))
                try await lanes.with("stream1") { waiter in
                    waiter.send(String(repeating: "x", count: 17))
                    waiter.end()
                }
                let head = try await connection.text(through: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n"))
                #expect(head.contains("\r\nAccess-Control-Allow-Origin: https://app.example.org\r\n"))
                #expect(head.contains("\r\nDate: "))
                #expect(
                    try await connection.text(through: "0\r\n\r\n")
                        == "3\r\none\r\n3\r\ntwo\r\n11\r\n" + String(repeating: "x", count: 17) + "\r\n")
                #expect(try await connection.response().origin == "lane now1")
                #expect(try await connection.response().origin == "route a")
                try await streaming(lanes, "stream2")
                try await lanes.with("stream2") { $0.end() }
                #expect(try await connection.response().status == 200)
                #expect(try await connection.text(through: "0\r\n\r\n") == "")
            }
        }
    }

    @Test("A stream that is given up ends without its last chunk, and the lane is not told what it did itself")
    func aborted() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("stream1") + poll("now1"))
                try await streaming(lanes)
                try await lanes.with("stream1") { waiter in
                    waiter.send("one")
                    waiter.stream?.abort()
                }
                #expect(try await connection.rest().hasSuffix("\r\n\r\n3\r\none\r\n"))
            }
        }
        #expect(lanes.events == ["stream1 began"])
    }

    @Test("A lane sees that a peer does not read, and hears when it does again; nothing is lost")
    func backPressure() async throws {
        let lanes = LiveLanes()
        try await withServer(lanes: [lanes]) { address in
            try await RawConnection.with(address) { connection in
                // The last request closes the connection.
                try await connection.send(poll("stream1") + poll("takeNot"))
                try await streaming(lanes)
                let part = String(repeating: "p", count: 100_000)
                try await lanes.with("stream1") { waiter in
                    waiter.fill(ByteBuffer(chunk: ByteBuffer(string: part)), times: 100)
                    #expect(waiter.stream?.isWritable == false)
                }
                _ = try await connection.text(through: "\r\n\r\n")
                let rest = try await connection.rest()
                #expect(rest == String(repeating: "186a0\r\n\(part)\r\n", count: 100) + "0\r\n\r\n")
            }
        }
        #expect(lanes.events.contains("stream1 writable"))
    }

    @Test("A peer that does not read its stream is closed, and the lane is told")
    func stalled() async throws {
        let lanes = LiveLanes()
        var limits = HTTPLimits()
        limits.writeStall = .milliseconds(300)
        try await withServer(lanes: [lanes], limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("stream1"))
                try await streaming(lanes)
                try await lanes.with("stream1") { waiter in
                    waiter.fill(ByteBuffer(repeating: 0x61, count: 1 << 20), times: 1_000)
                }
                try await eventually("the lane is told") { lanes.events.contains("stream1 left") }
                #expect(try await lanes.count() == 0)
                // What it could have read before.
                _ = try await connection.rest()
            }
        }
    }

    @Test("A peer that reads its stream slowly but steadily is let read, though it takes many times as long")
    func slow() async throws {
        let lanes = LiveLanes()
        var limits = HTTPLimits()
        limits.writeStall = .milliseconds(400)
        try await withServer(lanes: [lanes], limits: limits) { address in
            try await RawConnection.with(address, readBytes: 4_096) { connection in
                try await connection.send(poll("stream1"))
                try await streaming(lanes)
                try await lanes.with("stream1") { waiter in
                    waiter.fill(ByteBuffer(repeating: 0x61, count: 1 << 20), times: 64)
                    #expect(waiter.stream?.isWritable == false)
                }
                // Slower than that the system says that there is room again.
                _ = try await connection.count(pausing: .milliseconds(3), for: .seconds(3))
                #expect(!lanes.events.contains("stream1 left"))
                try await eventually("once it reads no more, it is closed") { lanes.events.contains("stream1 left") }
            }
        }
    }

    @Test("A stream is no idle connection, however quiet it is")
    func quiet() async throws {
        let lanes = LiveLanes()
        var limits = HTTPLimits()
        limits.keepAlive = .milliseconds(100)
        limits.headDeadline = .milliseconds(100)
        limits.writeStall = .milliseconds(100)
        try await withServer(lanes: [lanes], limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(poll("stream1"))
                try await streaming(lanes)
                // Long enough for an idle one to be closed.
                try await RawConnection.with(address) { idle in
                    try await idle.send(poll("now1"))
                    #expect(try await idle.response().status == 200)
                    #expect(try await idle.rest() == "")
                }
                try await lanes.with("stream1") { $0.end() }
                _ = try await connection.text(through: "0\r\n\r\n")
            }
        }
        #expect(lanes.events == ["stream1 began"])
    }
}
