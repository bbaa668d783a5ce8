/// The kinds of change.
package enum PatchKind: Sendable, Hashable, CaseIterable {
    /// RFC 7396.
    case mergePatch
    /// RFC 6902.
    case jsonPatch
    /// RFC 6902 and the operations `increment`, `min`, `max`, `union`, `subtract` and `timestamp`.
    case cisternPatch
}
