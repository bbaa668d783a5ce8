import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPService

@Suite("Waiting on a front alone") struct BareLiveTests {
    private let lanes = LiveLanes()
    private let eventLoop = EmbeddedEventLoop()

    @Test("An answer that is given in the midst of another's request goes to its own peer")
    func nested() throws {
        let loop = LoopServices([lanes], on: eventLoop)
        let waiting = try (0..<3).map { _ in try EmbeddedChannel.bare(loop, eventLoop) }
        for (number, channel) in waiting.enumerated() {
            try channel.writeInbound(ByteBuffer(string: poll("patient\(number)") + poll("now\(number)")))
            #expect(try channel.answers().isEmpty)
        }
        let other = try EmbeddedChannel.bare(loop, eventLoop)
        try other.writeInbound(ByteBuffer(string: poll("now8") + poll("all1") + poll("now9")))
        #expect(try bodies(other) == ["lane now8", "lane all1", "lane now9"])
        for (number, channel) in waiting.enumerated() {
            #expect(try bodies(channel) == ["lane patient\(number)", "lane now\(number)"])
        }
    }

    /// Of answers that all have a head and end in a line that begins with “lane”.
    private func bodies(_ channel: EmbeddedChannel) throws -> [String] {
        try channel.answers().split(separator: "HTTP/1.1 200 OK").map { answer in
            String(answer.split(separator: "\r\n\r\n").last ?? "")
        }
    }

    @Test("Of connections that have come and gone nothing is left, in whatever state they went")
    func comeAndGo() throws {
        let loop = LoopServices([lanes], on: eventLoop)
        let stays = try EmbeddedChannel.bare(loop, eventLoop)
        var fronts: [WeakFront] = []
        for round in 0..<40 {
            let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            let requests = [
                "", "GET /v1", poll("now1"), poll("short1"), poll("patient1") + poll("now1"), poll("stream1"),
                poll("take1", upgrade),
            ]
            var channels: [EmbeddedChannel] = []
            for request in requests {
                let channel = try EmbeddedChannel.bare(loop, eventLoop)
                channels.append(channel)
                fronts.append(WeakFront(try channel.pipeline.syncOperations.handler(type: ConnectionFront.self)))
                try channel.writeInbound(ByteBuffer(string: request))
                eventLoop.run()
            }
            // A connection that was taken over is the front's no more.
            #expect(loop.connectionCount == 1 + requests.count - 1)
            // In some order.
            for index in channels.indices { _ = try? channels[(index * 3 + round) % channels.count].finish() }
            eventLoop.run()
        }
        #expect(loop.connectionCount == 1)
        #expect(lanes.events.filter { $0.hasSuffix("left") }.count == 80)
        try stays.writeInbound(ByteBuffer(string: poll("all1")))
        #expect(try bodies(stays) == ["lane all1"])
        #expect(fronts.allSatisfy { $0.front == nil })
    }

    private struct WeakFront {
        weak var front: ConnectionFront?

        init(_ front: ConnectionFront) { self.front = front }
    }

    @Test(
        "A connection that waits or is sent a stream has no handler but its front", arguments: ["patient1", "stream1"])
    func noPipeline(name: String) throws {
        let channel = try EmbeddedChannel.bare(LoopServices([lanes], on: eventLoop), eventLoop)
        try channel.writeInbound(ByteBuffer(string: poll(name)))
        eventLoop.run()
        #expect(channel.pipeline.debugDescription.components(of: "HTTP") == 0)
    }

    @Test("What comes while a stream runs is answered behind its end", arguments: [false, true])
    func held(together: Bool) throws {
        let channel = try EmbeddedChannel.bare(LoopServices([lanes], on: eventLoop), eventLoop)
        try channel.writeInbound(ByteBuffer(string: poll("stream1") + (together ? poll("now1") : "")))
        eventLoop.run()
        if !together { try channel.writeInbound(ByteBuffer(string: poll("now1"))) }
        try channel.writeInbound(ByteBuffer(string: poll("now2")))
        #expect(try channel.answers().hasSuffix("\r\n\r\n"))
        lanes.endAll()
        let rest = try channel.answers()
        #expect(rest.hasPrefix("0\r\n\r\nHTTP/1.1 200 OK"))
        #expect(rest.components(of: "lane now") == 2)
    }

    @Test("More than the bound is not read while a stream runs, and is read when it has ended")
    func bound() throws {
        let reads = ReadCounter()
        let channel = EmbeddedChannel(loop: eventLoop)
        try channel.pipeline.syncOperations.addHandlers([
            reads, ConnectionFront(LoopServices([lanes], on: eventLoop)),
        ])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        try channel.writeInbound(ByteBuffer(string: poll("patient1")))
        let count = FrontProgress.mostHeld / poll("now1").utf8.count + 1
        try channel.writeInbound(ByteBuffer(string: String(repeating: poll("now1"), count: count)))
        let before = reads.count
        channel.read()
        #expect(reads.count == before)
        lanes.answerAll()
        #expect(reads.count == before + 1)
        #expect(try channel.answers().components(of: "lane now1") == count)
    }

    @Test(
        "What the kernel's scheduler says is read, and nothing else",
        arguments: [("120 30 7\n", 150), ("0 0 0\n", 0), ("", nil), ("120\n", nil), ("a b c", nil), ("1 x", nil)]
            as [(String, Int64?)])
    func schedulerStatistics(text: String, expected: Int64?) {
        #expect(LoopLoad.Reading.sum(ofFirstTwoNumbersIn: Array(text.utf8)) == expected)
    }

    @Test("A thread that works half the time has a load of a half, whatever the clocks say between 0 and 1")
    func load() {
        var load = LoopLoad()
        func next(_ busy: Int64, _ passed: Int64) -> Double {
            load.next(LoopLoad.Reading(busy: busy, passed: passed))
        }
        #expect(next(1_000, 5_000) == 0)
        #expect(next(1_500, 6_000) == 0.5)
        #expect(next(1_500, 7_000) == 0)
        #expect(next(3_500, 8_000) == 1)
        #expect(next(3_000, 9_000) == 0)
        #expect(next(3_500, 9_000) == 0)
        var present = LoopLoad()
        _ = present.next(.present)
        let end = ContinuousClock.now + .milliseconds(20)
        while ContinuousClock.now < end {}
        #expect((0.01...1).contains(present.next(.present)))
    }
}

/// Counts what the front asks the channel to read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
