// What is told about one kind of problem: the status and title of every such answer, and what its page says.

import Documents
package import HTTPTypes

struct ProblemExplanation: Sendable {
    let status: HTTPResponse.Status
    /// The same for every occurrence (RFC 9457 §3.1.3).
    let title: String
    /// What it says about the request, in one or two sentences.
    let meaning: String
    /// How it comes about.
    let cause: String
    /// What to do.
    let remedy: String
    let example: Example

    /// An occurrence, for the page.
    struct Example: Sendable {
        let detail: String
        let members: [(String, Document)]
        let headers: HTTPFields
        /// Of those answers that say when to come back.
        let retryAfter: Duration?

        init(
            _ detail: String, _ members: [(String, Document)] = [], headers: HTTPFields = [:],
            retryAfter: Duration? = nil
        ) {
            self.detail = detail
            self.members = members
            self.headers = headers
            self.retryAfter = retryAfter
        }
    }
}

extension ProblemKind {
    package var status: HTTPResponse.Status { explanation.status }
    package var title: String { explanation.title }

    /// One such answer, as the server would write it.
    var example: Problem {
        let example = explanation.example
        var problem = Problem(self, example.detail)
        problem.headers = example.headers
        for (name, value) in example.members { problem = problem.with(name, value) }
        return example.retryAfter.map { problem.retry(after: $0) } ?? problem
    }
}
