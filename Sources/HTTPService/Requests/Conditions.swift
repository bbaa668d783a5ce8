// If-Match and If-None-Match (RFC 9110 §13.1), as preconditions of changes and as what a poller already has.

package import Fold
package import HTTPTypes

extension Precondition {
    /// The precondition in a change's header fields.
    ///
    /// Throws ``ProblemKind/invalidPrecondition`` for anything but one version or `*` in If-Match, `*` in If-None-Match, and both.
    package init(_ headers: HTTPFields) throws(Problem) {
        switch (headers[.ifMatch], headers[.ifNoneMatch]) {
        case (nil, nil): self = .none
        case (let match?, nil): self = try Self.match(match)
        case (nil, let noneMatch?): self = try Self.noneMatch(noneMatch)
        case (_?, _?):
            throw Problem(
                .invalidPrecondition, "If-Match and If-None-Match are both given; a change takes one of them.")
        }
    }

    /// The same for the values of a batch's members `if_match` and `if_none_match`.
    package static func match(_ text: String) throws(Problem) -> Precondition {
        let text = HeaderGrammar.trim(text[...])
        if text == "*" { return .somethingApplied }
        guard let version = VersionToken(text) else {
            throw Problem(.invalidPrecondition, "If-Match takes one version of the form \"<epoch>-<number>\", or *.")
        }
        return .version(version)
    }

    package static func noneMatch(_ text: String) throws(Problem) -> Precondition {
        guard HeaderGrammar.trim(text[...]) == "*" else {
            throw Problem(
                .invalidPrecondition, "If-None-Match takes * with a change: nothing must have been applied before.")
        }
        return .nothingApplied
    }
}

/// The entity tags of If-None-Match with a GET: what the client has.
package enum KnownVersions: Equatable, Sendable {
    /// The field is absent: the client has nothing.
    case none
    /// `*`: the client has something, whatever it is.
    case any
    /// The versions among the listed tags, in their order; tags that are not ours are left out, as nothing we have has them.
    case versions([VersionToken])

    /// More tags than anybody has reason to send; the rest is not looked at.
    static let maximumTags = 32

    package init(_ headers: HTTPFields) { self.init(headers[values: .ifNoneMatch]) }

    /// - Parameter fields: the values of all If-None-Match fields.
    package init(_ fields: [String]) {
        guard !fields.isEmpty else {
            self = .none
            return
        }
        let tags = fields.flatMap { HeaderGrammar.split($0[...], at: ",") }.filter { !$0.isEmpty }
        self = tags.contains("*") ? .any : .versions(tags.prefix(Self.maximumTags).compactMap { VersionToken($0) })
    }

    /// Whether the client has this version already, so that 304 is the answer.
    package func contains(_ version: VersionToken) -> Bool {
        switch self {
        case .none: false
        case .any: true
        case .versions(let versions): versions.contains(version)
        }
    }

    /// The version that the client has, for deltas and for looking again; nil if it names none.
    package var first: VersionToken? {
        switch self {
        case .none, .any: nil
        case .versions(let versions): versions.first
        }
    }
}

/// The same where entity tags are no versions.
package enum KnownTags: Equatable, Sendable {
    case none
    case any
    /// Without quotes and marks of weakness.
    case tags([Substring])

    package init(_ headers: HTTPFields) { self.init(headers[values: .ifNoneMatch]) }

    /// The tags of If-Match: of what alone something is to be done to.
    package init(ifMatch headers: HTTPFields) { self.init(headers[values: .ifMatch]) }

    private init(_ fields: [String]) {
        guard !fields.isEmpty else {
            self = .none
            return
        }
        let tags = fields.flatMap { HeaderGrammar.split($0[...], at: ",") }.filter { !$0.isEmpty }
        self = tags.contains("*") ? .any : .tags(tags.prefix(KnownVersions.maximumTags).map(Self.opaque))
    }

    /// Whether the client has what this tag stands for, by the weak comparison (RFC 9110 §8.8.3.2).
    package func contains(_ etag: String) -> Bool {
        switch self {
        case .none: false
        case .any: true
        case .tags(let tags): tags.contains(Self.opaque(etag[...]))
        }
    }

    private static func opaque(_ tag: Substring) -> Substring {
        let tag = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        guard tag.count >= 2, tag.first == "\"", tag.last == "\"" else { return tag }
        return tag.dropFirst().dropLast()
    }
}
