import MetricsTestKit
import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

struct RedisMetricsTests {
    @Test("Commands, errors and time are counted, and nothing stays in flight after the end")
    func counting() throws {
        let recorded = TestMetrics()
        let configuration = try RedisConfiguration.test("redis://bench")
        let metrics = RedisMetrics(client: "bench", factory: recorded)
        let handler = CommandHandler(
            configuration: configuration, gate: CommandGate(), metrics: metrics, logger: quiet)
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/bench")).wait()

        let replies = (0..<4).map { _ in
            let promise = channel.eventLoop.makePromise(of: RESPValue.self)
            handler.send(RedisCommand("PING"), waiter: .promise(promise))
            return promise.futureResult
        }
        channel.embeddedEventLoop.run()
        let labels = [("client", "bench")]
        let inFlight = try recorded.expectMeter("redis_commands_in_flight", labels)
        #expect(inFlight.lastValue == 4)
        try channel.writeInbound(ByteBuffer(string: "+PONG\r\n-ERR no\r\n"))
        #expect(inFlight.lastValue == 2)
        try channel.close().wait()
        #expect(inFlight.lastValue == 0)
        #expect(throws: Never.self) { try replies[0].wait() }
        #expect(try recorded.expectCounter("redis_commands_total", labels).totalValue == 2)
        #expect(try recorded.expectCounter("redis_errors_total", labels).totalValue == 3)
        #expect(try recorded.expectTimer("redis_command_duration", labels).values.count == 2)
    }
}
