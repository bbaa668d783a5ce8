// A problem document (RFC 9457): the one form in which every error leaves the server.

package import Documents
package import HTTPTypes
package import Hummingbird
import NIOCore

/// An error as the client sees it.
///
/// Handlers throw it; what they throw else becomes an ``ProblemKind/internalError`` that says nothing about itself.
package struct Problem: Error {
    package let kind: ProblemKind
    /// About this occurrence, for people. Never holds what only the server's owner may know.
    package let detail: String
    /// Members of this kind of problem, after the ones of the RFC.
    package var members: [(name: String, value: Document)] = []
    /// Header fields that belong to the answer, such as `Allow`.
    package var headers = HTTPFields()

    package init(_ kind: ProblemKind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// The same problem with one member more.
    package func with(_ name: String, _ value: Document) -> Problem {
        var problem = self
        problem.members.append((name, value))
        return problem
    }

    package func with(_ name: String, _ value: String) -> Problem { with(name, .string(value)) }

    package func with(_ name: String, _ value: Int) -> Problem { with(name, .integer(value)) }

    /// The same problem with a header field more in its answer.
    package func with(header name: HTTPField.Name, _ value: String) -> Problem {
        var problem = self
        problem.headers[name] = value
        return problem
    }

    /// The same problem with `Retry-After` and the member `retry_after`, in whole seconds, rounded up (RFC 9110 §10.2.3).
    package func retry(after delay: Duration) -> Problem {
        let seconds = delay.wholeSecondsUp
        return with(header: .retryAfter, String(seconds)).with("retry_after", seconds)
    }

    /// The document, also for embedding into other answers, as the `reason` of a rejected change.
    package var document: Document {
        var all: [(String, Document)] = [
            ("type", .string(kind.type)),
            ("title", .string(kind.title)),
            ("status", .integer(kind.status.code)),
            ("detail", .string(detail)),
        ]
        all += members.map { ($0.name, $0.value) }
        return .object(all)
    }

    /// The header fields of the answer, apart from the body's length.
    package var answerFields: HTTPFields {
        var fields = headers
        fields[.contentType] = ContentType.problem.description
        // 404 and 410 may be cached without being asked (RFC 9110 §15.1), and ours end with the next change.
        fields[.cacheControl] = "no-store"
        return fields
    }

    package var response: Response {
        Response(
            status: kind.status, headers: answerFields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.encoded())))
    }
}

extension Problem: CustomStringConvertible {
    package var description: String { "\(kind.slug): \(detail)" }
}

extension Duration {
    /// Seconds, rounded up, at least 0.
    var wholeSecondsUp: Int {
        let (seconds, attoseconds) = components
        return max(0, Int(clamping: seconds) + (attoseconds > 0 ? 1 : 0))
    }
}

/// Answers with JSON that is not a problem.
extension Response {
    package static func json(
        _ document: Document, status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields()
    ) -> Response {
        var headers = headers
        headers[.contentType] = ContentType.json.description
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.encoded())))
    }
}
