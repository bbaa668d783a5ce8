// What somebody has been told who follows an application by events or by a socket, and what they are told next. A value: the same for
// both, whoever writes it down.
//
//     nothing ──state──▶ told v ──patch or state──▶ told w …
//        ▲                 │
//        └── deleted, part removed ──┘

import Fold
import NIOCore

struct StreamCursor: Sendable {
    /// One thing to tell.
    enum Word: Sendable {
        case state(VersionToken, PositionToken, ByteBuffer)
        /// From the version that was told last.
        case patch(from: VersionToken, to: VersionToken, PositionToken, ByteBuffer)
        /// The application, or the part that is followed, is not there any more.
        case deleted
    }

    let view: View
    /// The version that the client has.
    private(set) var told: VersionToken?
    /// From where the next update has to lead: what was told, or a later version with the same part.
    private var have: VersionToken?

    /// - Parameter version: what the client has from an earlier stream, if anything.
    init(_ view: View, after version: VersionToken?) {
        self.view = view
        told = version
        have = version
    }

    /// What to ask the application's editions.
    var step: Step { Step(have: have, view: view) }

    mutating func next(_ update: Update) -> Word? {
        defer { have = update.to.versionToken }
        let version = update.to.versionToken
        switch update.change {
        case .nothing: return nil
        case .missing: return gone()
        case .full(let content):
            told = version
            return .state(version, update.to.positionToken, content.plain)
        case .patch(let patch):
            guard let base = told else { return nil }
            told = version
            return .patch(from: base, to: version, update.to.positionToken, patch)
        }
    }

    /// There is nothing to follow at the moment.
    mutating func gone() -> Word? {
        have = nil
        guard told != nil else { return nil }
        told = nil
        return .deleted
    }
}
