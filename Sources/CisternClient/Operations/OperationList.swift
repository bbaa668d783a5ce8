// The operations of an application, page by page.

import Documents
import NIOHTTP1

extension Application {
    /// The application's operations, as long as they are remembered, fetched in pages as they are asked for.
    ///
    /// - Parameters:
    ///   - status: if given, only those that stand so.
    ///   - kind: if given, only those of this kind.
    public func operations(status: LongOperation.Status? = nil, kind: String? = nil) -> Operations {
        var query: [String] = []
        if let status { query.append("status=\(status.rawValue)") }
        if let kind { query.append("kind=\(kind.percentEncoded)") }
        let target = "\(path)/operations" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        return Operations(client: client, target: target)
    }

    /// All operations of an application.
    public struct Operations: AsyncSequence, Sendable {
        public typealias Element = LongOperation
        public typealias Failure = CisternError

        let client: CisternClient
        let target: String

        public func makeAsyncIterator() -> Iterator { Iterator(client: client, target: target) }

        public struct Iterator: AsyncIteratorProtocol {
            let client: CisternClient
            /// Of the next page; nil behind the last one.
            var target: String?
            var page: ArraySlice<LongOperation> = []

            public mutating func next() async throws(CisternError) -> LongOperation? {
                try await next(isolation: #isolation)
            }

            public mutating func next(isolation actor: isolated (any Actor)?) async throws(CisternError)
                -> LongOperation?
            {
                while page.isEmpty, let target {
                    let answer = try await client.transport.send(
                        Request(method: .GET, path: target), to: client.pushURL)
                    page = try AnswerReading.list("operations", answer) { LongOperation($0, tag: nil) }[...]
                    self.target = try LinkField.next(in: answer)
                }
                return page.popFirst()
            }
        }
    }
}

/// `Link` (RFC 8288), as far as lists need it.
enum LinkField {
    /// The path and query of the next page; nil if there is none.
    static func next(in answer: Answer) throws(CisternError) -> String? {
        for link in answer.headers[canonicalForm: "Link"] {
            let parts = link.split(separator: ";").map { $0.drop { $0 == " " } }
            guard let target = parts.first, target.hasPrefix("<"), target.hasSuffix(">"),
                parts.dropFirst().contains(where: { $0 == "rel=next" || $0 == #"rel="next""# })
            else { continue }
            let path = String(target.dropFirst().dropLast())
            // Not to wherever an answer says: requests have a token with them.
            guard path.hasPrefix("/"), !path.hasPrefix("//") else {
                throw AnswerReading.unexpected(answer, "its next page is no path of this server")
            }
            return path
        }
        return nil
    }
}
