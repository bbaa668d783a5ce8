// Lists that a server tells page by page.

import Documents
import NIOHTTP1

/// All elements of a list, fetched in pages as they are asked for.
public struct PagedList<Element: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = CisternError

    /// Fetches the page at a path and query.
    ///
    /// - Returns: also the path and query of the next page; nil behind the last one.
    typealias Fetch = @Sendable (String) async throws(CisternError) -> (elements: [Element], next: String?)

    let first: String
    let fetch: Fetch

    public func makeAsyncIterator() -> Iterator { Iterator(target: first, fetch: fetch) }

    public struct Iterator: AsyncIteratorProtocol {
        /// Of the next page; nil behind the last one.
        var target: String?
        let fetch: Fetch
        var page: ArraySlice<Element> = []

        public mutating func next() async throws(CisternError) -> Element? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(CisternError) -> Element? {
            while page.isEmpty, let target {
                let (elements, next) = try await fetch(target)
                page = elements[...]
                self.target = next
            }
            return page.popFirst()
        }
    }
}

extension CisternClient {
    /// A list of the server that changes are pushed to, whose pages lead from one to the next by `Link`.
    ///
    /// - Parameters:
    ///   - name: Of the list in each page.
    ///   - parameters: Of the query; what is nil is left out.
    func linkedList<Element: Sendable>(
        _ name: String, at path: String, _ parameters: [(name: String, value: String?)],
        read: @escaping @Sendable (Document) -> Element?
    ) -> PagedList<Element> {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return PagedList(first: path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))) {
            target async throws(CisternError) in
            let answer = try await self.transport.send(Request(method: .GET, path: target), to: self.pushURL)
            return (try AnswerReading.list(name, answer, read), try LinkField.next(in: answer))
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
