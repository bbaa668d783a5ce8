import NIOCore
import Testing

@testable import cistern_bench

@Suite struct DeliveryReaderTests {
    struct Stream: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let way: Delivery
        let bytes: [UInt8]
        let words: [DeliveryReader.Word]
    }

    private static let longPolls = Stream(
        testDescription: "long polls", way: .longPoll,
        bytes: Array(
            ("HTTP/1.1 200 OK\r\nETag: \"a-1\"\r\nContent-Length: 7\r\n\r\n{\"n\":1}"
                + "HTTP/1.1 304 Not Modified\r\nETag: \"a-1\"\r\n\r\n").utf8),
        words: [.message(ByteBuffer(string: #"{"n":1}"#)), .unchanged])

    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    private static let events = "retry: 1000\n\nid: a-1\nevent: patch\ndata: {\"n\":1}\n\n:\n\ndata:2\n\n"
    private static let eventWords: [DeliveryReader.Word] = [
        .opened, .message(ByteBuffer(string: #"{"n":1}"#)), .message(ByteBuffer(string: "2")),
    ]

    private static let plainEvents = Stream(
        testDescription: "events until the end", way: .events, bytes: Array((head + "\r\n" + events).utf8),
        words: eventWords)

    /// Chunks that begin and end within lines.
    private static let chunkedEvents = Stream(
        testDescription: "events in chunks", way: .events,
        bytes: Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8)
            + [events.prefix(20), events.dropFirst(20)].flatMap {
                Array("\(String($0.utf8.count, radix: 16));x=y\r\n\($0)\r\n".utf8)
            },
        words: eventWords)

    private static let socket = Stream(
        testDescription: "a socket", way: .socket,
        bytes: Array(
            "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\nSec-WebSocket-Accept: \(Delivery.accept)\r\n\r\n"
                .utf8)
            + [0x81, 2] + Array("{}".utf8) + [0x89, 1, 7, 0x8A, 0] + [0x81, 126, 0, 130]
            + Array(repeating: UInt8(ascii: "x"), count: 130) + [0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, UInt8(ascii: "y")],
        words: [
            .opened, .message(ByteBuffer(string: "{}")), .ping(ByteBuffer(bytes: [7])),
            .message(ByteBuffer(repeating: UInt8(ascii: "x"), count: 130)), .message(ByteBuffer(string: "y")),
        ])

    @Test(arguments: [longPolls, plainEvents, chunkedEvents, socket])
    func `messages are cut out wherever the stream is split`(stream: Stream) throws {
        for split in 0...stream.bytes.count {
            var reader = DeliveryReader(stream.way)
            var words: [DeliveryReader.Word] = []
            for part in [stream.bytes[..<split], stream.bytes[split...]] {
                try reader.append(ByteBuffer(bytes: part))
                while let word = try reader.next() { words.append(word) }
            }
            #expect(words == stream.words, "split at \(split)")
        }
    }

    @Test func `a long poll's answer is kept for the next request, a 304 is not`() throws {
        var reader = DeliveryReader(.longPoll)
        try reader.append(ByteBuffer(bytes: Self.longPolls.bytes))
        while try reader.next() != nil {}
        #expect(reader.answer?.status == 200)
        #expect(reader.answer?.etag == "\"a-1\"")
    }

    @Test(arguments: Delivery.allCases)
    func `a server that has nothing to wait for is found out`(way: Delivery) throws {
        var reader = DeliveryReader(way)
        try reader.append(ByteBuffer(string: "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"))
        #expect(throws: Wrong.self) { try reader.next() }
    }

    @Test func `an upgrade to somebody else's key is refused`() throws {
        var reader = DeliveryReader(.socket)
        try reader.append(ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n"))
        #expect(throws: Wrong.self) { try reader.next() }
    }

    @Test(
        arguments: [
            // Masked, a close frame, a fragment, a reserved bit, longer than anybody sends.
            [0x81, 0x81, 0, 0, 0, 0, 0], [0x88, 2, 3, 0xE9], [0x01, 1, 0], [0xC1, 0],
            [0x81, 127, 1, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `frames that a server does not send are refused`(bytes: [UInt8]) {
        var reader = FrameReader()
        reader.append(ByteBuffer(bytes: bytes))
        #expect(throws: Wrong.self) { try reader.next() }
    }

    @Test(arguments: ["x\r\n", "-1\r\n", "fffffffff\r\n", "0\r\n\r\n", "1\r\nabc"])
    func `what is no chunk, or the last one, is refused`(text: String) {
        var reader = ChunkReader()
        reader.append(ByteBuffer(string: text))
        #expect(throws: Wrong.self) { try reader.next() }
    }

    @Test func `a pong is masked and has the ping's bytes`() {
        let pong = FrameReader.pong(ByteBuffer(string: "hi"))
        #expect(Array(pong.readableBytesView) == [0x8A, 0x82, 0, 0, 0, 0] + Array("hi".utf8))
    }
}
