// What somebody who has one version is sent when there is another.

import Documents
import Fold
import NIOCore

/// Asked of an application's editions: what comes after `have`.
struct Step: Hashable, Sendable {
    /// The version that the client has, if any.
    let have: VersionToken?
    let view: View
    var coding = Coding.identity
}

/// Leads to one version, the newest at the moment it was found.
struct Update: Sendable {
    enum Change: Sendable {
        /// The client has it already, or the part it asks about is the same in both.
        case nothing
        case full(Content)
        /// From the version that the client has, in the view's form.
        case patch(ByteBuffer)
        /// The state has no such part.
        case missing
    }

    let to: ServedState
    let change: Change
}

extension Update.Change {
    /// Works out what leads from `old` to `new`.
    ///
    /// - Parameter old: nil if the version that the client has is not known here any more.
    init(from old: Edition?, to new: Edition, in view: View) {
        guard let after = Side(new, view) else {
            // There is no such part; without a tree there are no parts at all.
            self = .missing
            return
        }
        guard let old, let before = Side(old, view) else {
            self = .full(after.content)
            return
        }
        if !view.path.isWhole, before.content.plain == after.content.plain {
            self = .nothing
            return
        }
        self = Self.patch(before, after, view).map(Self.patch) ?? .full(after.content)
    }

    /// Nil if there is no patch, or none that is smaller than what it makes.
    private static func patch(_ before: Side, _ after: Side, _ view: View) -> ByteBuffer? {
        guard let form = view.delta, let old = before.document, let new = after.document else { return nil }
        let patch =
            switch form {
            case .mergePatch: Document.mergePatch(from: old, to: new)
            case .jsonPatch: Document.jsonPatch(from: old, to: new)
            }
        guard let patch, patch.encodedCount < after.content.plain.readableBytes else { return nil }
        return ByteBuffer(bytes: patch.encoded())
    }

    /// Bytes that this keeps beside the editions.
    var bytes: Int {
        switch self {
        case .nothing, .missing: 0
        case .full(let content): content.bytes
        case .patch(let patch): patch.readableBytes
        }
    }
}

/// One end of a difference: the part of an edition that somebody looks at.
private struct Side {
    let document: Document?
    let content: Content

    /// Nil if the edition has no such part.
    init?(_ edition: Edition, _ view: View) {
        if view.path.isWhole {
            document = view.delta == nil ? nil : edition.document()
            content = edition.content
        } else {
            guard let part = edition.document()?[view.path.pointer] else { return nil }
            document = part
            content = Content(ByteBuffer(bytes: part.encoded()))
        }
    }
}
