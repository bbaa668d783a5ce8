// A WebSocket's client as a follower: the same cursor as a stream of events, written as messages.

import Fold
import HTTPService
import LogAnswers
import NIOCore
import Presence
import Sockets

final class SocketFollower: Follower {
    let way = FollowerWay.socket
    var place: Int?
    let client: SocketClient
    let feed: Feed
    let wantsPresence: Bool
    private var cursor: StreamCursor
    /// The peer does not read; it is told the newest when it does.
    private var isBehind = false
    private var owesPresence = false
    /// Changes of this client that have a position and are not folded in yet, in their order.
    private(set) var pending: [PushedChange] = []
    /// Up to where that was looked at last.
    private var settled: PositionToken?
    private let merged: ([PushedChange]) -> Void

    /// Changes of one client whose outcome is waited for. Of what is pushed beyond, the change's own resource tells.
    private static let mostPending = 1_024

    /// - Parameter merged: is called with changes that are folded in now, applied or not.
    init(
        _ client: SocketClient, _ cursor: StreamCursor, wantsPresence: Bool, feed: Feed,
        merged: @escaping ([PushedChange]) -> Void
    ) {
        self.client = client
        self.cursor = cursor
        self.wantsPresence = wantsPresence
        self.feed = feed
        self.merged = merged
    }

    // MARK: The feed

    var step: Step? { isBehind ? nil : cursor.step }

    func take(_ update: Update, from feed: Feed) {
        let before = cursor
        if let word = cursor.next(update) {
            let frame = feed.messages.made(for: Feed.Telling(to: before), of: update.to) { ServerMessage(word).frame }
            guard send(frame, or: before) else { return }
        }
        settle(upTo: update.to.positionToken)
    }

    /// Sends an update, or is behind from now on.
    ///
    /// The cursor has to be moved already: a large frame makes the channel unwritable and, once the system has taken it, writable again,
    /// all of it before this returns.
    private func send(_ frame: SocketFrame, or before: StreamCursor) -> Bool {
        guard !client.update(frame) else { return true }
        cursor = before
        isBehind = true
        return false
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        let before = cursor
        guard case .unknown = absence, cursor.gone() != nil else { return }
        _ = send(ServerMessage.deleted.frame, or: before)
    }

    func take(presence: PresenceContent) {
        if !client.update(ServerMessage.presence(presence.body).frame) { owesPresence = true }
    }

    /// The peer reads again.
    func drained() {
        if isBehind {
            isBehind = false
            feed.deliver(to: self)
        }
        if owesPresence {
            owesPresence = false
            feed.tellPresence(to: self)
        }
    }

    // MARK: Outcomes

    /// A change of this client has a position.
    func pushed(_ change: PushedChange) {
        guard pending.count < Self.mostPending else { return }
        pending.append(change)
        tick(.now())
    }

    /// Nobody can say yet what came of these changes, though they are folded in. They are asked for again, a second later at the latest.
    func wait(for changes: [PushedChange]) {
        pending.insert(contentsOf: changes, at: 0)
        pending.removeLast(max(0, pending.count - Self.mostPending))
    }

    func tick(_ now: NIODeadline) {
        guard !client.caller.isOver(at: now) else { return client.close(.unauthenticated) }
        guard !pending.isEmpty, case .state(let served) = feed.whatIsServed else { return }
        settle(upTo: served.positionToken)
    }

    private func settle(upTo position: PositionToken) {
        // Of an epoch that is over nothing can be said any more: a client compares its receipts with the positions that it is told. One
        // that this server does not serve yet is still to come.
        if let settled, settled.epoch != position.epoch { pending.removeAll { $0.receipt.epoch == settled.epoch } }
        settled = position
        let last = pending.lastIndex { $0.receipt.epoch == position.epoch && $0.receipt.number <= position.number }
        guard let last else { return }
        let changes = pending[...last].filter { $0.receipt.epoch == position.epoch }
        pending.removeFirst(last + 1)
        merged(changes)
    }
}

extension ServerMessage {
    init(_ word: StreamCursor.Word) {
        switch word {
        case .state(let version, let position, let state): self = .state(state, version: version, position: position)
        case .patch(let from, let version, let position, let patch):
            self = .patch(patch, from: from, version: version, position: position)
        case .deleted: self = .deleted
        }
    }
}
