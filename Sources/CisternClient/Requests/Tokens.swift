// The two tokens of the contract as values of their own: opaque enough that nobody computes with them, typed so that one is never
// taken for the other.

import Fold

/// Names the bytes of a state: two answers with the same version have the same bytes.
///
/// Written `<epoch>-<number>`. Numbers are comparable within one epoch only; a new epoch begins when an application is created anew or its
/// store has lost the end of its log.
public struct Version: Hashable, Sendable, CustomStringConvertible {
    let token: VersionToken

    init(_ token: VersionToken) { self.token = token }

    /// Reads a version as it was printed, or an ETag in which it stands; nil if `text` is neither.
    public init?(_ text: String) {
        guard let token = VersionToken(text) else { return nil }
        self.token = token
    }

    /// Which history of the application this belongs to.
    public var epoch: String { token.epoch.description }
    /// The position of the last change that was applied; 0 if none was.
    public var number: UInt64 { token.number }
    public var description: String { token.description }

    /// As the value of `ETag`, `If-Match` and `If-None-Match`.
    var entityTag: String { "\"\(token)\"" }
}

/// A place in the log of an application: of a change, or of how much is folded into a state.
///
/// Written `<epoch>-<number>`. Numbers are comparable within one epoch only.
public struct Position: Hashable, Sendable, CustomStringConvertible {
    let token: PositionToken

    init(_ token: PositionToken) { self.token = token }

    /// Reads a position as it was printed; nil if `text` is none.
    public init?(_ text: String) {
        guard let token = PositionToken(text) else { return nil }
        self.token = token
    }

    /// Which history of the application this belongs to.
    public var epoch: String { token.epoch.description }
    /// 1 for the first change of an epoch.
    public var number: UInt64 { token.number }
    public var description: String { token.description }
}
