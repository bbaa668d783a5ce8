// Everything that can go wrong for a client, closed, so that a caller can decide by switching.

import Documents

/// Why a request did not give what was asked for.
public enum CisternError: Error, Sendable, Hashable {
    /// The server says no, and why.
    case refused(Problem)
    /// No server answered within the time allowed for it. Whether a change that was being sent has arrived is not known; sending it again with
    /// the same id is safe.
    case unreachable(url: String, reason: String)
    /// Something answered, but not as a Cistern server would.
    case unexpectedAnswer(url: String, status: Int, reason: String)
    /// The request cannot be sent as it is: a bad URL or id.
    case invalidRequest(String)
    /// The task was cancelled.
    case cancelled
}

extension CisternError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let problem): problem.description
        case .unreachable(let url, let reason): "No answer from \(url): \(reason)"
        case .unexpectedAnswer(let url, let status, let reason):
            "\(url) answered with status \(status), but not as a Cistern server does: \(reason)"
        case .invalidRequest(let reason): reason
        case .cancelled: "The request was cancelled."
        }
    }
}

/// A problem document (RFC 9457) of the server.
public struct Problem: Sendable, Hashable {
    /// Names the kind of problem, such as `change-id-reused`: the last part of `type`.
    public let slug: String
    /// The same for all problems of a kind.
    public let title: String
    /// The HTTP status that belongs to it.
    public let status: Int
    /// About this occurrence.
    public let detail: String
    /// Members of this kind of problem, such as `offset`, `pointer`, `limit`, `position`, `expected`.
    public let members: [String: JSONText]

    /// A member that is a string, without quotes and escapes; nil if there is none of this name.
    public func text(_ name: String) -> String? {
        guard let bytes = members[name]?.bytes else { return nil }
        return (try? Document(parsing: bytes))?.stringValue
    }
}

extension Problem: CustomStringConvertible {
    public var description: String {
        let pointer = text("pointer").flatMap { detail.contains($0) ? nil : $0 }
        return (detail.isEmpty ? title : detail) + (pointer.map { " (at \($0))" } ?? "") + " [\(slug)]"
    }
}

extension Problem {
    /// Nil if the document is no problem.
    init?(_ document: Document, status: Int? = nil) {
        guard document.kind == .object, let type = document["type"]?.stringValue,
            let status = document["status"]?.integerValue ?? status
        else { return nil }
        slug = String(type.split(separator: "/").last ?? "about:blank")
        title = document["title"]?.stringValue ?? slug
        detail = document["detail"]?.stringValue ?? ""
        self.status = status
        var members: [String: JSONText] = [:]
        for (name, value) in document.members where !["type", "title", "status", "detail"].contains(name) {
            members[name] = JSONText(bytes: value.encoded())
        }
        self.members = members
    }
}
