// What a program says is to change, before it has an id.

import Documents

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A change of an application's state as ``LiveApplication`` takes it: it gets its id there.
public struct Edit: Sendable, Hashable {
    public var kind: Change.Kind
    /// At most 1 MiB.
    public var patch: JSONText
    /// What has to hold when the change's turn comes; else it is rejected.
    public var condition: Change.Condition?

    public init(_ kind: Change.Kind, _ patch: JSONText, if condition: Change.Condition? = nil) {
        self.kind = kind
        self.patch = patch
        self.condition = condition
    }

    /// Members to set, `null` for those to remove (RFC 7396).
    public static func merge(_ patch: JSONText, if condition: Change.Condition? = nil) -> Edit {
        Edit(.mergePatch, patch, if: condition)
    }

    /// Operations that are applied together or not at all: those of RFC 6902, and `increment`, `min`, `max`, `union`, `subtract`, `timestamp`.
    public static func operations(_ patch: JSONText, if condition: Change.Condition? = nil) -> Edit {
        Edit(.cisternPatch, patch, if: condition)
    }

    /// Sets what the value encodes to; members that are nil are left alone.
    ///
    /// - Throws: what encoding throws.
    public static func merge(encoding value: some Encodable, if condition: Change.Condition? = nil) throws -> Edit {
        Edit(.mergePatch, JSONText(bytes: Array(try JSONEncoder().encode(value))), if: condition)
    }
}

/// A change that is folded in.
public struct FoldedChange: Sendable, Hashable {
    /// Under which it was folded in.
    public let id: String
    /// Its place in the log; nil if only later ones are known, as after a restart.
    public let receipt: Position?
    public let outcome: Outcome

    public enum Outcome: Sendable, Hashable {
        case applied
        /// It is folded in, and too long ago for the server to say whether it was applied.
        case unknown
    }
}

/// Why a change came to nothing.
public enum ChangeFailure: Error, Sendable, Hashable {
    /// The server had accepted it, and it could not be applied, or the application was deleted.
    case rejected(id: String, Problem)
    /// The server does not accept it. Changes behind it are not held up.
    case refused(id: String, Problem)
    /// It is no JSON. Nothing was sent.
    case notJSON(String)
    /// Bytes. Nothing was sent.
    case tooLarge(bytes: Int, limit: Int)
    /// So many changes wait already to be sent. Nothing was sent.
    case full(limit: Int)
    /// The application was closed first. What the storage keeps is sent after the next start.
    case closed
    /// The task that waited was cancelled; the change goes on.
    case cancelled
}

extension ChangeFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .rejected(let id, let problem): "“\(id)” was rejected: \(problem)"
        case .refused(let id, let problem): "“\(id)” was refused: \(problem)"
        case .notJSON(let reason): "The change is not JSON: \(reason)."
        case .tooLarge(let bytes, let limit): "The change has \(bytes) bytes; at most \(limit) are possible."
        case .full(let limit): "\(limit) changes wait already to be sent."
        case .closed: "The application was closed before anything was known about the change."
        case .cancelled: "Nobody waits any more for what becomes of the change."
        }
    }
}

extension NewChange {
    /// - Parameter key: by which the caller is answered.
    init(_ edit: Edit, key: String) throws(ChangeFailure) {
        guard edit.patch.bytes.count <= ChangeQueue.changeBytes else {
            throw .tooLarge(bytes: edit.patch.bytes.count, limit: ChangeQueue.changeBytes)
        }
        let change: Document
        do { change = try Document(parsing: edit.patch.bytes) } catch { throw .notJSON("\(error)") }
        self.init(
            key: key, kind: edit.kind, change: change, condition: edit.condition, bytes: edit.patch.bytes.count,
            time: UInt64(max(0, Date().timeIntervalSince1970 * 1_000)))
    }
}
