import NIOCore
import TestSupport
import Testing

@testable import Redis

struct ReplyReaderTests {
    /// One reply of every kind, binary bytes and line breaks in strings, nesting, nulls of both kinds.
    static let stream = Array(
        ("+OK\r\n:-42\r\n$5\r\na\r\nb\0\r\n$-1\r\n*-1\r\n*0\r\n-ERR no\r\n"
            + "*3\r\n*2\r\n:1\r\n$0\r\n\r\n+x\r\n*1\r\n-NOSCRIPT y\r\n$3\r\nend\r\n").utf8)
    static let replies: [RESPValue] = [
        .simpleString("OK"), .integer(-42), .bulk(Array("a\r\nb\0".utf8)), .null, .null, .array([]),
        .error(RedisErrorReply(message: "ERR no")),
        .array([
            .array([.integer(1), .bulk([])]), .simpleString("x"),
            .array([.error(RedisErrorReply(message: "NOSCRIPT y"))]),
        ]),
        .bulk(Array("end".utf8)),
    ]

    @Test("Replies are the same at whatever byte the stream is split in two")
    func everySplit() throws {
        for split in 0...Self.stream.count {
            let read = try Self.read([Self.stream[..<split], Self.stream[split...]])
            #expect(read == Self.replies, "split at \(split)")
        }
    }

    @Test("Replies are the same when the bytes come one by one")
    func byteByByte() throws {
        #expect(try Self.read(Self.stream.indices.map { Self.stream[$0...$0] }) == Self.replies)
    }

    @Test("A reply of several megabytes comes out as it went in")
    func large() throws {
        let bytes = Array(repeatElement(Array(0...250 as ClosedRange<UInt8>), count: 20_000).joined())
        let stream = Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n:7\r\n".utf8)
        let chunks = stride(from: 0, to: stream.count, by: 65_536).map { stream[$0..<min($0 + 65_536, stream.count)] }
        #expect(try Self.read(chunks) == [.bulk(bytes), .integer(7)])
    }

    @Test("An error with bytes that are not UTF-8 is read, the bytes replaced")
    func binaryError() throws {
        let stream = Array("-ERR bad \u{1}".utf8) + [0xff, 0xfe] + Array("\r\n".utf8)
        #expect(try Self.read([stream[...]]) == [.error(RedisErrorReply(message: "ERR bad \u{1}\u{fffd}\u{fffd}"))])
    }

    @Test("Seven levels of arrays inside an array are read, one more is a violation of the protocol")
    func depth() throws {
        let deepest = Array(String(repeating: "*1\r\n", count: 8).utf8) + Array(":1\r\n".utf8)
        #expect(try Self.read([deepest[...]]).count == 1)
        let tooDeep = Array("*1\r\n".utf8) + deepest
        #expect(throws: ProtocolViolation.self) { try Self.read([tooDeep[...]]) }
    }

    @Test(
        "Bytes that are no reply are a violation, and stay one",
        arguments: ["HTTP/1.1 400 Bad Request\r\n", "*1\r\n!\r\n", "$x\r\n"])
    func violation(text: String) throws {
        var reader = ReplyReader()
        try reader.feed(ByteBuffer(string: text))
        for _ in 0..<2 {
            do throws(ProtocolViolation) {
                let reply = try reader.next()
                Issue.record("\(String(describing: reply)) was read from \(text)")
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
    }

    static func read(_ chunks: [ArraySlice<UInt8>]) throws -> [RESPValue] {
        var reader = ReplyReader()
        var replies: [RESPValue] = []
        for chunk in chunks {
            try reader.feed(ByteBuffer(bytes: chunk))
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }
}

@Suite(.timeLimit(.minutes(1)))
struct CommandFormatTests {
    @Test("A command is written with lengths, whatever bytes its arguments have")
    func format() {
        var buffer = ByteBuffer(string: "before ")
        RedisCommand("SET", "a b", .bytes([0, 13, 10, 255]), "", .integer(-5)).write(into: &buffer)
        let expected =
            Array("before *5\r\n$3\r\nSET\r\n$3\r\na b\r\n$4\r\n".utf8) + [0, 13, 10, 255]
            + Array("\r\n$0\r\n\r\n$2\r\n-5\r\n".utf8)
        #expect(Array(buffer: buffer) == expected)
    }

    @Test("Arguments that are put together from pieces and from other arguments are written like any other")
    func pieces() {
        var arguments: RedisArguments = ["ECHO"]
        var more = RedisArguments(["\r\n$1\r\n"])
        more.append("{tag}:", "é")
        more.append(byteCount: 3) { buffer in
            buffer.writeInteger(UInt8(13))
            buffer.writeBytes([10, 0])
        }
        arguments.append(more)
        #expect(arguments.count == 4)
        var buffer = ByteBuffer()
        RedisCommand(arguments).write(into: &buffer)
        let expected =
            Array("*4\r\n$4\r\nECHO\r\n$6\r\n\r\n$1\r\n\r\n$8\r\n{tag}:é\r\n$3\r\n".utf8) + [13, 10, 0, 13, 10]
        #expect(Array(buffer: buffer) == expected)
    }

    @Test("Redis reads back whatever bytes an argument has, of every length about the powers of ten")
    func roundTrip() async throws {
        try await withRedis { redis in
            try await withConnection(.test(redis.url)) { connection in
                for length in [0, 1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 100_001] {
                    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 13) }
                    let echo = try await connection.send(RedisCommand("ECHO", .bytes(bytes)))
                    #expect(echo == .bulk(bytes))
                }
            }
        }
    }
}
