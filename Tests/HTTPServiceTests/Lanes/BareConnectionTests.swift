import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import HTTPService

/// A front by itself, without sockets: what it builds, and what it recognises again.
@Suite("A connection that only polls") struct BareConnectionTests {
    private let stub = StubLanes()

    @Test("It has no HTTP decoder")
    func noDecoder() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(LoopServices([stub], on: channel.eventLoop)))
        for _ in 0..<3 {
            try channel.writeInbound(ByteBuffer(string: poll("now")))
            #expect(try channel.answers().hasSuffix("lane now"))
        }
        #expect(throws: (any Error).self) {
            try channel.pipeline.syncOperations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        }
        _ = try channel.finish()
    }

    @Test("A request that begins like the one before is not taken for it")
    func similar() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(LoopServices([stub], on: channel.eventLoop)))
        for name in ["now", "now", "now1", "now", "now12", "now2"] {
            try channel.writeInbound(ByteBuffer(string: poll(name)))
            #expect(try channel.answers().hasSuffix("lane \(name)"))
        }
        // In pieces: what has come so far is the beginning of the one before.
        let again = poll("now2")
        try channel.writeInbound(ByteBuffer(string: String(again.dropLast(9))))
        #expect(try channel.answers().isEmpty)
        try channel.writeInbound(ByteBuffer(string: String(again.suffix(9)) + again))
        #expect(try channel.answers().components(of: "lane now2") == 2)
        _ = try channel.finish()
    }

    @Test("A request that comes again is answered from the note of its lane, as long as that says how")
    func noted() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionFront(LoopServices([stub], on: channel.eventLoop)))
        func ask(_ requests: String) throws -> [String] {
            try channel.writeInbound(ByteBuffer(string: requests))
            return try channel.answers().split(separator: "\r\n").map(String.init).filter { $0.hasPrefix("lane") }
                .map { String($0.prefix { $0 != "H" }) }
        }
        #expect(try ask(poll("noted1")) == ["lane noted1"])
        #expect(try ask(poll("noted1") + poll("noted1")) == ["lane noted1 again", "lane noted1 again"])
        #expect(stub.askedCount == 1)
        // A push in between is another request, whose answer nobody noted.
        let push = "PUT /v1/apps/now/changes/c HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
        #expect(try ask(push + poll("noted1")) == ["lane now 1", "lane noted1 again"])
        stub.edition.store(1, ordering: .relaxed)
        #expect(try ask(poll("noted1")) == ["lane noted1"])
        #expect(try ask(poll("noted1")) == ["lane noted1 again"])
        // Another request has a note of its own, and the first one's is gone.
        #expect(try ask(poll("noted2") + poll("noted2")) == ["lane noted2", "lane noted2 again"])
        #expect(try ask(poll("noted1")) == ["lane noted1"])
        _ = try channel.finish()
    }

    @Test("Connections that send the same share what is known of it; others, and those after a while, do not")
    func shared() throws {
        let eventLoop = EmbeddedEventLoop()
        let loop = LoopServices([stub], on: eventLoop)
        func ask(_ name: String, by channel: EmbeddedChannel) throws -> String {
            try channel.writeInbound(ByteBuffer(string: poll(name)))
            return try channel.answers().split(separator: "\r\n").last.map(String.init) ?? ""
        }
        let first = try EmbeddedChannel.bare(loop, eventLoop)
        let second = try EmbeddedChannel.bare(loop, eventLoop)
        #expect(try ask("noted1", by: first) == "lane noted1")
        #expect(try ask("noted2", by: second) == "lane noted2")
        #expect(try ask("noted1", by: second) == "lane noted1")
        // The note that the second has made is the first's too, and the other way round.
        stub.edition.store(1, ordering: .relaxed)
        #expect(try ask("noted1", by: second) == "lane noted1")
        #expect(try ask("noted1", by: first) == "lane noted1 again")
        loop.recent.age()
        loop.recent.age()
        let third = try EmbeddedChannel.bare(loop, eventLoop)
        #expect(try ask("noted1", by: third) == "lane noted1")
        stub.edition.store(2, ordering: .relaxed)
        #expect(try ask("noted1", by: third) == "lane noted1")
        #expect(try ask("noted1", by: first) == "lane noted1")
        for channel in [first, second, third] { _ = try channel.finish() }
    }
}
