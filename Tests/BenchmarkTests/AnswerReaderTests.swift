import NIOCore
import Testing

@testable import cistern_bench

@Suite struct AnswerReaderTests {
    private static let stream =
        "HTTP/1.1 200 OK\r\nETag: \"a-1\"\r\ncontent-length: 5\r\n\r\nhello"
        + "HTTP/1.1 304 Not Modified\r\nETag: \"a-1\"\r\n\r\n"
        + "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

    @Test func `answers are cut out wherever the stream is split`() throws {
        let bytes = Array(Self.stream.utf8)
        for split in 0...bytes.count {
            var reader = AnswerReader()
            var answers: [Answer] = []
            for part in [bytes[..<split], bytes[split...]] {
                reader.append(ByteBuffer(bytes: part))
                while let answer = try reader.next() { answers.append(answer) }
            }
            #expect(answers.map(\.status) == [200, 304, 201])
            #expect(answers.first?.text == "hello")
            #expect(answers.map(\.etag) == ["\"a-1\"", "\"a-1\"", nil])
            #expect(answers.reduce(0) { $0 + $1.size } == bytes.count)
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2p1 x\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n"])
    func `what is no answer with a length is refused`(text: String) {
        var reader = AnswerReader()
        reader.append(ByteBuffer(string: text))
        #expect(throws: Wrong.self) { try reader.next() }
    }
}
