import HTTPService
import Metrics
import MetricsTestKit
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// How many connections an address has, and how many requests a connection.
@Suite("Limits of connections", .timeLimit(.minutes(1)))
struct ConnectionLimitTests {
    private static let poll = "GET /v1/apps/%/state HTTP/1.1\nHost: x"

    private static func poll(_ application: String) -> String { poll.replacing("%", with: application) }

    @Test("Beyond its number an address gets no connection, another one does, and who closes makes room")
    func ofAddress() async throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddress = 2
        let metrics = TestMetrics()
        try await withServer(limits: limits, metrics: metrics) { address in
            func isServed(from host: String = "127.0.0.1") async throws -> Bool {
                let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .bind(to: SocketAddress(ipAddress: host, port: 0))
                    .connect(to: address) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                        }
                    }
                return try await client.executeThenClose { inbound, outbound in
                    try? await outbound.write(
                        ByteBuffer(string: Self.poll("a").replacing("\n", with: "\r\n") + "\r\n\r\n"))
                    do {
                        for try await _ in inbound { return true }
                        return false
                    } catch is IOError { return false }
                }
            }
            try await RawConnection.with(address) { one in
                try await one.send(lines: Self.poll("a"))
                #expect(try await one.response().status == 200)
                try await RawConnection.with(address) { two in
                    try await two.send(lines: Self.poll("a"))
                    #expect(try await two.response().status == 200)
                    #expect(try await !isServed())
                    #expect(try await isServed(from: "127.0.0.2"))
                    #expect(try metrics.expectCounter("http_connections_refused").totalValue == 1)
                    // Those that are there go on.
                    try await one.send(lines: Self.poll("a"))
                    #expect(try await one.response().status == 200)
                }
            }
            try await eventually("there is room again") { try await isServed() }
        }
    }

    @Test(
        "A connection ends with the last request that it may have, and says so in its answer; no answer is lost",
        arguments: [true, false])
    func ofConnection(usesLanes: Bool) async throws {
        var limits = HTTPLimits()
        limits.requestsPerConnection = 3
        // By a lane, by a route behind it, by a lane that answers later, and by one that notes what it has answered.
        let sequences = [
            ["now", "now", "now"], ["now", "leave", "a"], ["a", "now", "later"], ["noted", "noted", "noted"],
        ]
        for names in sequences {
            try await withServer(lanes: [StubLanes()], limits: limits, usesLanes: usesLanes) { address in
                try await RawConnection.with(address) { connection in
                    // All at once, and one too many.
                    for name in names + ["now"] { try await connection.send(lines: Self.poll(name)) }
                    for number in 0..<3 {
                        let answer = try await connection.response()
                        #expect(answer.status == 200)
                        #expect(answer.headers["connection"] == (number == 2 ? "close" : nil), "\(names) \(number)")
                    }
                    #expect(try await connection.rest() == "")
                }
            }
        }
    }

    @Test("A wait that is a connection's last request is waited for")
    func lastWait() async throws {
        var limits = HTTPLimits()
        limits.requestsPerConnection = 1
        let lanes = StubLanes(holdsReplies: true)
        try await withServer(lanes: [lanes], limits: limits) { address in
            try await RawConnection.with(address) { connection in
                try await connection.send(lines: Self.poll("later"))
                try await eventually("the request is there") { lanes.takenCount == 1 }
                try await lanes.release()
                let answer = try await connection.response()
                #expect(answer.status == 200 && answer.headers["connection"] == "close")
                #expect(try await connection.rest() == "")
            }
        }
    }

    @Test("Of IPv6 the first 64 bits are an address; IPv4 is the same however it is written")
    func addresses() throws {
        func address(_ text: String) throws -> PeerAddress {
            PeerAddress(try SocketAddress(ipAddress: text, port: 80))
        }
        #expect(try address("192.0.2.1") == .v4(0xC000_0201))
        #expect(try address("::ffff:192.0.2.1") == .v4(0xC000_0201))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("2001:db8:1:2::1") == .v6(0x2001_0db8_0001_0002))
        #expect(try address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::9"))
        #expect(try address("2001:db8:1:2::1") != address("2001:db8:1:3::1"))
        #expect(try address("::1") == .v6(0))
        #expect(PeerAddress(nil) == .local)
        #expect(try PeerAddress(SocketAddress(unixDomainSocketPath: "/nowhere")) == .local)
        #expect(try address("192.0.2.1").rateKey == address("::ffff:192.0.2.1").rateKey)
        #expect(try address("192.0.2.1").rateKey != address("192.0.2.2").rateKey)
    }
}
