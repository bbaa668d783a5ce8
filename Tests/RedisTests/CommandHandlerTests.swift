import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

/// The channel handler with bytes in and bytes out, without a socket.
struct CommandHandlerTests {
    private final class Bench {
        let channel = EmbeddedChannel()
        let handler: CommandHandler
        let gate = CommandGate()

        init() throws {
            let configuration = try RedisConfiguration.test("redis://bench")
            handler = CommandHandler(
                configuration: configuration, gate: gate, metrics: RedisMetrics(client: "bench"), logger: quiet)
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/bench")).wait()
        }

        func send(_ command: RedisCommand) -> EventLoopFuture<RESPValue> {
            let promise = channel.eventLoop.makePromise(of: RESPValue.self)
            handler.send(command, waiter: .promise(promise))
            return promise.futureResult
        }

        func receive(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
        }

        func written() throws -> [String] {
            channel.embeddedEventLoop.run()
            var writes: [String] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: buffer)) }
            return writes
        }
    }

    private static let ping = "*1\r\n$4\r\nPING\r\n"

    @Test("Commands sent in one turn of the event loop leave in one write")
    func coalescing() throws {
        let bench = try Bench()
        let replies = (0..<3).map { _ in bench.send(RedisCommand("PING")) }
        #expect(try bench.written() == [Self.ping + Self.ping + Self.ping])
        try bench.receive("+PONG\r\n+PONG\r\n+PONG\r\n")
        for reply in replies { #expect(try reply.wait() == .simpleString("PONG")) }
    }

    @Test("A command sent on receipt of a reply leaves in the same turn")
    func sendInReply() throws {
        let bench = try Bench()
        let second = bench.send(RedisCommand("PING")).assumeIsolated()
            .flatMap { _ in bench.send(RedisCommand("PING")) }.nonisolated()
        #expect(try bench.written() == [Self.ping])
        try bench.receive("+PONG\r\n")
        let next = try bench.channel.readOutbound(as: ByteBuffer.self)
        #expect(next == ByteBuffer(string: Self.ping))
        try bench.receive("+PONG\r\n")
        #expect(try second.wait() == .simpleString("PONG"))
    }

    @Test("Pipelined replies reach their commands at whatever byte the stream is split; none is stranded")
    func everySplit() throws {
        let stream = ReplyReaderTests.stream
        for split in 0...stream.count {
            let bench = try Bench()
            let futures = ReplyReaderTests.replies.map { _ in bench.send(RedisCommand("PING")) }
            try bench.channel.writeInbound(ByteBuffer(bytes: stream[..<split]))
            try bench.channel.writeInbound(ByteBuffer(bytes: stream[split...]))
            for (future, expected) in zip(futures, ReplyReaderTests.replies) {
                #expect(Self.received(future) == expected, "split at \(split)")
            }
        }
    }

    /// The reply, with an error reply as what the server sent.
    private static func received(_ future: EventLoopFuture<RESPValue>) -> RESPValue? {
        do {
            return try future.wait()
        } catch RedisError.refused(let reply, _) {
            return .error(reply)
        } catch {
            return nil
        }
    }

    @Test(
        "What is not the protocol closes the connection and fails whatever waits",
        arguments: ["nonsense\r\n", "+PONG\r\n+PONG\r\n+PONG\r\n", String(repeating: "*1\r\n", count: 9) + ":1\r\n"])
    func violation(bytes: String) throws {
        let bench = try Bench()
        // With three replies to two commands both get theirs; in the other cases neither does.
        let replies = (0..<2).map { _ in bench.send(RedisCommand("PING")) }
        try bench.receive(bytes)
        #expect(!bench.channel.isActive)
        #expect(!bench.gate.isOpen)
        for reply in replies where !bytes.hasPrefix("+") {
            let error = #expect(throws: RedisError.self) { try reply.wait() }
            #expect(error?.outcome == .unknown)
        }
    }

    @Test("A reply that does not come in time closes the connection and fails whatever waits")
    func timeout() throws {
        let bench = try Bench()
        let replies = (0..<2).map { _ in bench.send(RedisCommand("PING")) }
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        try bench.receive("+PONG\r\n")
        bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1_001))
        #expect(try replies[0].wait() == .simpleString("PONG"))
        #expect(throws: RedisError.outcomeUnknown(try RedisAddress("redis://bench"), reason: "no reply came in time")) {
            try replies[1].wait()
        }
        #expect(!bench.channel.isActive)
    }

    @Test(
        "READONLY, LOADING and MASTERDOWN end a connection after the other replies are in",
        arguments: ["READONLY", "LOADING", "MASTERDOWN"])
    func unusable(code: String) throws {
        let bench = try Bench()
        let first = bench.send(RedisCommand("PING"))
        let second = bench.send(RedisCommand("PING"))
        try bench.receive("-\(code) because\r\n")
        let error = #expect(throws: RedisError.self) { try first.wait() }
        #expect(error == .notPrimary(try RedisAddress("redis://bench"), reason: "\(code) because"))
        #expect(!bench.gate.isOpen)
        #expect(bench.channel.isActive)
        try bench.receive("+PONG\r\n")
        #expect(try second.wait() == .simpleString("PONG"))
        #expect(!bench.channel.isActive)
    }

    @Test("A command on a closed connection was certainly not sent")
    func closed() throws {
        let bench = try Bench()
        try bench.channel.close().wait()
        let error = #expect(throws: RedisError.self) { try bench.send(RedisCommand("PING")).wait() }
        #expect(error?.outcome == .notSent)
    }
}
