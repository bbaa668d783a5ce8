// One change that is not known to be folded in, and what is known about it:
//
//     fresh ──sent──▶ sent ──receipt──▶ acknowledged ──state at or past the receipt──▶ gone, confirmed
//       ▲              │                     │
//       └──no answer───┴──another epoch──────┘           any ──refused or rejected──▶ gone, with the reason

import Documents
import Fold

struct PendingChange: Sendable {
    enum Stage: Sendable {
        case fresh
        case sent
        case acknowledged(Receipt)
    }

    struct Receipt: Sendable {
        let position: PositionToken
        /// The change's own position, not an upper bound as for repeats of earlier numbers.
        let isExact: Bool
        /// Whether the server has said already that it was applied.
        let isApplied: Bool
    }

    /// Its place among all changes that this client ever had.
    let order: UInt64
    let key: String
    /// The id is `<client>~<number>`.
    var client: String
    var number: UInt64
    let kind: Change.Kind
    let change: Document
    /// As it is applied to show it; nil if it cannot be.
    let patch: Patch?
    let condition: Change.Condition?
    let bytes: Int
    let time: UInt64
    var stage = Stage.fresh
    /// Whether it was sent before: what the server then says of it may be about a later one of this client.
    var mayBeRepeat: Bool
    /// Whether it may still be on its way under this id, on a socket that is gone.
    var isStray = false

    var id: String { "\(client)~\(number)" }

    var isFresh: Bool { if case .fresh = stage { true } else { false } }
    var isSent: Bool { if case .sent = stage { true } else { false } }
    var receipt: Receipt? { if case .acknowledged(let receipt) = stage { receipt } else { nil } }

    /// What the server says is void, or there was no answer: it goes again.
    mutating func sendAgain() {
        stage = .fresh
        mayBeRepeat = true
    }

    /// Another id, under which it was never sent.
    mutating func rename(to client: String, number: UInt64) {
        self.client = client
        self.number = number
        stage = .fresh
        mayBeRepeat = false
        isStray = false
    }

    var outgoing: OutgoingChange { OutgoingChange(id: id, kind: kind, condition: condition, change: change) }

    /// Stage and receipt are not kept: after a start everything is sent again, and recognised.
    var kept: KeptChange {
        KeptChange(
            order: order, key: key, client: client, number: number, kind: kind,
            patch: JSONText(bytes: change.encoded()), condition: condition, time: time)
    }
}

extension PendingChange {
    init(_ new: NewChange, order: UInt64, client: String, number: UInt64) {
        self.init(
            order: order, key: new.key, client: client, number: number, kind: new.kind, change: new.change,
            patch: try? Patch(new.change, kind: new.kind.patchKind), condition: new.condition, bytes: new.bytes,
            time: new.time, mayBeRepeat: false)
    }

    /// - Throws: if what was kept is no JSON.
    init(_ kept: KeptChange) throws(ParsingError) {
        let change = try Document(parsing: kept.patch.bytes)
        self.init(
            order: kept.order, key: kept.key, client: kept.client, number: kept.number, kind: kept.kind,
            change: change, patch: try? Patch(change, kind: kept.kind.patchKind), condition: kept.condition,
            bytes: kept.patch.bytes.count, time: kept.time, mayBeRepeat: true, isStray: true)
    }
}

extension Change.Kind {
    var patchKind: PatchKind {
        switch self {
        case .mergePatch: .mergePatch
        case .jsonPatch: .jsonPatch
        case .cisternPatch: .cisternPatch
        }
    }
}
