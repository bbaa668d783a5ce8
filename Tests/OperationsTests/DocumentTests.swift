import Documents
import Fold
import Operations
import TestSupport
import Testing

@Suite("Operations as everybody sees them")
struct DocumentTests {
    private static func operation(
        _ status: OperationStatus = .running, error: String? = nil, result: OperationDocument.Result? = nil,
        progress: String? = nil, age: UInt64 = 0, notBefore: UInt64 = 0
    ) throws -> OperationDocument {
        func json(_ text: String?) throws -> Document? { try text.map { try Document(parsing: Array($0.utf8)) } }
        return OperationDocument(
            application: try ApplicationID("board"), id: try OperationID("e-7"), status: status,
            kind: try OperationKind("export"), created: 1_000_000, updated: 1_002_000, attempt: 1, attempts: 3,
            priority: 5, isCancelRequested: false, notBefore: notBefore, expires: status.isOver ? 2_000_000 : nil,
            progress: try json(progress), error: try json(error), result: result, place: nil,
            revision: "2", now: 1_000_000 + age)
    }

    @Test("The document, byte by byte")
    func bytes() throws {
        #expect(
            try Self.operation(progress: #"{"percent":40}"#).document.text
                == #"{"app":"board","attempt":1,"attempts":3,"cancel_requested":false,"created_at":"1970-01-01T00:16:40.000Z","#
                + #""done":false,"id":"e-7","kind":"export","priority":5,"progress":{"percent":40},"status":"running","#
                + #""updated_at":"1970-01-01T00:16:42.000Z"}"#)
        let result = OperationDocument.Result(mediaType: "text/csv", digest: ContentDigest(of: Array("abc".utf8)))
        let over = try Self.operation(.succeeded, result: result).document
        #expect(over["done"]?.boolValue == true && over["expires_at"]?.stringValue == "1970-01-01T00:33:20.000Z")
        #expect(
            over["result"]?.text
                == #"{"digest":"sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:","#
                + #""href":"/v1/apps/board/operations/e-7/result","media_type":"text/csv"}"#)
    }

    @Test("The tag is another with every other document, and the same with the same")
    func tags() throws {
        let documents = try [
            Self.operation(), Self.operation(.queued), Self.operation(progress: "{}"),
            Self.operation(.dead, error: "{}"),
            Self.operation(.succeeded),
        ]
        #expect(Set(documents.map(\.etag)).count == documents.count)
        #expect(try Self.operation(age: 5_000).etag == documents[0].etag)
        #expect(documents[0].etag.hasPrefix("\"") && documents[0].etag.utf8.count == 46)
    }

    @Test(
        "Digests are what everybody else computes",
        arguments: [
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), ("a", "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="),
        ])
    func digests(text: String, expected: String) {
        #expect(ContentDigest(of: Array(text.utf8)).base64 == expected)
    }

    @Test("Who keeps to the pace asks after 1, 2, 4, … 60 seconds, whatever else happens")
    func pace() {
        var (time, pauses) = (UInt64(0), [Int]())
        for _ in 0..<9 {
            let pause = OperationPace.retryAfter(age: time)
            pauses.append(pause)
            time += UInt64(pause) * 1_000
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        #expect(OperationPace.retryAfter(age: 0, start: 4_001) == 5)
        #expect(OperationPace.retryAfter(age: 0, start: .max) == 60 && OperationPace.retryAfter(age: .max) == 60)
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<1_000 {
            let (age, more) = (
                UInt64.random(in: 0...100_000, using: &numbers), UInt64.random(in: 0...100_000, using: &numbers)
            )
            #expect(OperationPace.retryAfter(age: age) <= OperationPace.retryAfter(age: age + more))
        }
    }

    @Test("What may be claimed later is not asked for before")
    func later() throws {
        #expect(try Self.operation(.queued, notBefore: 1_030_000).retryAfter == 30)
        #expect(try Self.operation(.running, notBefore: 1_030_000).retryAfter == 1)
    }
}
