import Documents
import Fold
import Operations
import Testing

@Suite("What is said of operations in states")
struct PublicationTests {
    private static func change(_ entry: String) throws -> Change? {
        Publication.change(for: Array(entry.utf8), of: try OperationID("e1"), in: try ApplicationID("board"))
    }

    private static func text(_ change: Change?) -> String? { change.map { String(decoding: $0.body, as: UTF8.self) } }

    @Test("An entry becomes a merge patch that takes away what was there before")
    func patches() throws {
        let begun = try #require(try Self.change("1 1700000000000 queued\n\"/jobs/a~1b\"\n\n\n"))
        #expect(begun.kind == .mergePatch)
        #expect(Self.text(begun) == #"{"jobs":{"a/b":{"progress":null,"result":null,"status":"queued"}}}"#)
        let done = try Self.change("3 1700000000000 succeeded\n\"/job\"\n{\"percent\":5}\ntext/csv\nungWv48=")
        #expect(
            Self.text(done)
                == #"{"job":{"progress":{"completed":null,"message":null,"percent":5,"total":null},"#
                + #""result":{"digest":"sha-256=:ungWv48=:","href":"/v1/apps/board/operations/e1/result","media_type":"text/csv"},"#
                + #""status":"succeeded"}}"#)
    }

    @Test("The same entry is the same change, and any other one another")
    func ids() throws {
        let first = try Self.change("1 1700000000000 queued\n\"/job\"\n\n\n")
        #expect(try Self.change("1 1700000000000 queued\n\"/job\"\n\n\n")?.id == first?.id)
        for entry in ["2 1700000000000 queued", "1 1700000000001 queued", "1 1700000000000 running"] {
            #expect(try Self.change(entry + "\n\"/job\"\n\n\n")?.id != first?.id)
        }
    }

    @Test(
        "What is no entry is nothing",
        arguments: ["", "1 1 queued", "1 1 asleep\n\"/a\"\n\n\n", "1 1 queued\nnowhere\n\n\n"])
    func nonsense(entry: String) throws {
        #expect(try Self.change(entry) == nil)
    }

    @Test("A key is one id, which is the same for ever")
    func keys() throws {
        let id = try OperationID(idempotencyKey: "8e03978e-40d5-43dd-bc93-6894a57f9324")
        #expect("\(id)" == "key-d77da8028f3c5a13752873cb9c7581d5")
        #expect(try OperationID(idempotencyKey: "8e03978e-40d5-43dd-bc93-6894a57f9325") != id)
    }
}
