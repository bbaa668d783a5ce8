import NIOCore
import Testing

@testable import cistern_bench

@Suite struct DeltaTests {
    /// From RFC 7396's appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `a state is kept up by merge patches`(state: String, patch: String, result: String) throws {
        var state = try MergedState(ByteBuffer(string: state))
        try state.merge(ByteBuffer(string: patch))
        #expect(try state.text == result)
    }

    @Test func `a board comes out of another's JSON as the bytes that it was`() throws {
        let board = Board.state(bytes: 10_000)
        #expect(try MergedState(ByteBuffer(string: board)).text == board)
    }

    @Test func `heads and answers without a body count`() throws {
        var reader = AnswerReader()
        let bytes =
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n" + "HTTP/1.1 226 IM Used\r\nContent-Length: 4\r\n\r\n1234"
        reader.append(ByteBuffer(string: bytes))
        var count = DeltaPoller.Count()
        while let answer = try reader.next() { count.add(answer) }
        #expect(count.bytes == bytes.utf8.count)
        #expect(count.bytesPerPoll == Double(bytes.utf8.count) / 2)
        #expect(count.statuses == [304: 1, 226: 1])
    }
}
