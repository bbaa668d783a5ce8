import Documents
import Fold
import HTTPService
import NIOCore
import NIOWebSocket
import Testing

@testable import Sockets

@Suite("What the server says")
struct ServerMessageTests {
    private func text(_ message: ServerMessage) throws -> String {
        var bytes = Array(message.frame.bytes.readableBytesView)
        let frame = try #require(ServerFrame(takingFrom: &bytes))
        #expect(bytes.isEmpty)
        guard case .text(let text) = frame else { return "\(frame)" }
        return text
    }

    private let from = VersionToken("e-1")
    private let version = VersionToken("e-3")
    private let position = PositionToken("e-4")

    @Test("A state goes out as the bytes it is")
    func state() throws {
        let message = ServerMessage.state(
            ByteBuffer(string: #"{"a":1.50}"#), version: try #require(version), position: try #require(position))
        #expect(try text(message) == #"{"state":{"a":1.50},"version":"e-3","position":"e-4"}"#)
        let unread = ServerMessage.state(
            ByteBuffer(string: "not JSON"), version: try #require(version), position: try #require(position))
        #expect(try text(unread) == #"{"state":not JSON,"version":"e-3","position":"e-4"}"#)
    }

    @Test("A patch of either kind stands in the same member")
    func patch() throws {
        let message = ServerMessage.patch(
            ByteBuffer(string: #"[{"op":"remove","path":"/a"}]"#), from: try #require(from),
            version: try #require(version), position: try #require(position))
        #expect(
            try text(message)
                == #"{"patch":[{"op":"remove","path":"/a"}],"from":"e-1","version":"e-3","position":"e-4"}"#)
    }

    @Test("Answers to pushes have the id, and problems as HTTP has them")
    func answers() throws {
        let id = try ChangeID("c~1")
        #expect(try text(.deleted) == #"{"deleted":true}"#)
        #expect(
            try text(.ack(id, receipt: try #require(position))) == #"{"ack":{"id":"c~1","receipt":"e-4"}}"#)
        let problem = Problem(.backlogFull, "Full.").retry(after: .seconds(2))
        let document = problem.document.text
        #expect(try text(.refused(id: "\"x", problem)) == #"{"refused":{"id":"\"x","problem":\#(document)}}"#)
        #expect(try text(.refused(id: nil, problem)) == #"{"refused":{"problem":\#(document)}}"#)
        #expect(try text(.rejected(id, reason: problem)) == #"{"rejected":{"id":"c~1","reason":\#(document)}}"#)
        #expect(try text(.presence(ByteBuffer(string: "[null]"))) == #"{"presence":[null]}"#)
    }

    @Test(
        "Each length is written in the shortest of its three forms",
        arguments: [
            (0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10),
        ])
    func lengths(count: Int, head: Int) throws {
        let payload = [UInt8](repeating: 7, count: count)
        var bytes = Array(SocketFrame(.binary, ByteBuffer(bytes: payload)).bytes.readableBytesView)
        #expect(bytes.count == head + count)
        #expect(ServerFrame(takingFrom: &bytes) == .binary(payload))
    }
}
