// What a client sends, and what it is told about it.

/// One change of an application's state.
public struct Change: Sendable, Hashable {
    /// How ``patch`` is to be read.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// RFC 7396.
        case mergePatch = "application/merge-patch+json"
        /// RFC 6902.
        case jsonPatch = "application/json-patch+json"
        /// RFC 6902 with the operations `increment`, `min`, `max`, `union`, `subtract` and `timestamp`.
        case cisternPatch = "application/vnd.cistern.patch+json"
    }

    /// What has to hold when the change's turn comes; else it is rejected.
    public enum Condition: Sendable, Hashable {
        /// The state has exactly this version.
        case version(Version)
        /// Something was applied before.
        case exists
        /// Nothing was applied before.
        case isNew
    }

    /// 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit. A change sent again under its id is applied once all the same.
    public var id: String
    public var kind: Kind
    public var patch: JSONText
    public var condition: Condition?

    /// - Parameter id: a new time-ordered id unless given.
    public init(id: String = TimedID.next(), _ kind: Kind, _ patch: JSONText, if condition: Condition? = nil) {
        self.id = id
        self.kind = kind
        self.patch = patch
        self.condition = condition
    }

    /// A merge patch (RFC 7396) under a new id.
    public static func mergePatch(_ patch: JSONText, if condition: Condition? = nil) -> Change {
        Change(.mergePatch, patch, if: condition)
    }

    /// A JSON Patch (RFC 6902) under a new id.
    public static func jsonPatch(_ patch: JSONText, if condition: Condition? = nil) -> Change {
        Change(.jsonPatch, patch, if: condition)
    }
}

/// What the server says about a change that it has.
public struct Acknowledgement: Sendable, Hashable {
    public let id: String
    /// The change's place in the log. It never changes within its epoch.
    public let position: Position
    /// Whether this request brought the change; false for a repeat of one that was there. Nil where nothing was sent but asked.
    public let isNew: Bool?
    public let outcome: Outcome

    public enum Outcome: Sendable, Hashable {
        /// Not folded in yet.
        case pending
        case applied
        /// It could not be applied, for this reason, and never will be.
        case rejected(Problem)
        /// The application was deleted before the change's turn came.
        case dropped
    }
}
