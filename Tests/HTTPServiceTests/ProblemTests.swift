import Documents
import HTTPService
import HTTPTypes
import Hummingbird
import Testing

@Suite("Problems")
struct ProblemTests {
    @Test("A problem document has the members of the RFC and its own")
    func document() throws {
        let problem = Problem(.changeTooLarge, "It has 2000 bytes.").with("limit", 1_000).with("pointer", "/a")
        #expect(
            String(decoding: problem.document.encoded(), as: UTF8.self)
                == #"{"detail":"It has 2000 bytes.","limit":1000,"pointer":"/a","status":413,"title":"The change is too large","type":"/problems/change-too-large"}"#
        )
    }

    @Test("The time to wait is rounded up to whole seconds, in header and document")
    func retry() throws {
        let problem = Problem(.logUnavailable, "Away.").retry(after: .milliseconds(1_200))
        #expect(problem.headers[.retryAfter] == "2")
        #expect(problem.document["retry_after"]?.integerValue == 2)
        #expect(Problem(.backlogFull, "Full.").retry(after: .milliseconds(-5)).headers[.retryAfter] == "0")
    }

    @Test("A problem's answer has its status, media type, and is not to be stored")
    func response() {
        let response = Problem(.unknownApp, "None.").response
        #expect(response.status == .notFound)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(response.headers[.cacheControl] == "no-store")
    }

    @Test("Slugs are words divided by hyphens, and no two kinds share a title")
    func table() {
        for kind in ProblemKind.allCases {
            #expect(kind.slug.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(kind.slug)")
            #expect((400...599).contains(kind.status.code))
        }
        #expect(Set(ProblemKind.allCases.map(\.title)).count == ProblemKind.allCases.count)
    }

    @Test(
        "The contract's slugs have the contract's statuses",
        arguments: [
            ("invalid-id", 400), ("malformed-json", 400), ("invalid-patch", 400), ("invalid-precondition", 400),
            ("change-id-reused", 409), ("change-too-old", 410), ("change-from-the-future", 400),
            ("change-too-large", 413),
            ("unsupported-change-type", 415), ("backlog-full", 429), ("log-unavailable", 503), ("out-of-order", 409),
            ("client-unknown", 410), ("application-deleted", 410), ("invalid-batch", 400), ("batch-too-large", 413),
            ("unknown-change", 404), ("unknown-app", 404), ("no-such-path", 404), ("not-yet-merged", 503),
            ("epoch-changed", 409), ("precondition-failed", 412), ("state-too-large", 413), ("test-failed", 422),
            ("path-not-found", 422), ("not-a-number", 422), ("not-an-array", 422), ("number-out-of-range", 422),
            ("too-deep", 422), ("not-found", 404), ("method-not-allowed", 405), ("invalid-parameter", 400),
            ("internal-error", 500), ("not-ready", 503), ("upgrade-required", 426), ("invalid-handshake", 400),
            ("invalid-message", 400),
        ])
    func contract(slug: String, status: Int) throws {
        #expect(try #require(ProblemKind(rawValue: slug)).status.code == status)
    }
}
