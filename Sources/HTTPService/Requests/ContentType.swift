// Media types of requests and answers (RFC 9110 §8.3.1).

/// A media type with its parameters, names in lower case.
package struct ContentType: Hashable, Sendable {
    /// `type/subtype`.
    package let essence: String
    package let parameters: [String: String]

    package static let json = ContentType(essence: "application/json")
    package static let problem = ContentType(essence: "application/problem+json")
    package static let mergePatch = ContentType(essence: "application/merge-patch+json")
    package static let jsonPatch = ContentType(essence: "application/json-patch+json")
    package static let cisternPatch = ContentType(essence: "application/vnd.cistern.patch+json")

    /// Server-Sent Events (HTML §9.2).
    package static let events = ContentType(essence: "text/event-stream")

    private init(essence: String) {
        self.essence = essence
        parameters = [:]
    }

    /// Nil if it is no media type. A parameter that is given twice counts once, the first time.
    package init?(_ text: some StringProtocol) {
        var parts = HeaderGrammar.split(Substring(text), at: ";").makeIterator()
        guard let first = parts.next() else { return nil }
        let halves = first.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy(HeaderGrammar.isToken) else { return nil }
        var parameters: [String: String] = [:]
        while let part = parts.next() {
            if part.isEmpty { continue }
            guard let (name, value) = HeaderGrammar.parameter(part), let value else { return nil }
            let key = name.lowercased()
            if parameters[key] == nil { parameters[key] = value }
        }
        essence = first.lowercased()
        self.parameters = parameters
    }

    /// Whether a body of this type can be read as UTF-8: no `charset`, or that one.
    package var isUTF8: Bool { parameters["charset"].map { $0.lowercased() == "utf-8" } ?? true }
}

extension ContentType: CustomStringConvertible {
    package var description: String {
        parameters.sorted { $0.key < $1.key }.reduce(into: essence) { $0 += "; \($1.key)=\($1.value)" }
    }
}
