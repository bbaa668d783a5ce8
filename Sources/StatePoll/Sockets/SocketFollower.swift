// A WebSocket's client as a follower: the same cursor as a stream of events, written as messages.

import Fold
import LogAnswers
import NIOCore
import Presence
import Sockets

final class SocketFollower: Follower {
    let way = FollowerWay.socket
    let client: SocketClient
    let feed: Feed
    let wantsPresence: Bool
    private var cursor: StreamCursor
    /// The peer does not read; it is told the newest when it does.
    private var isBehind = false
    private var owesPresence = false
    /// Changes of this client that have a position and are not folded in yet, in their order.
    private(set) var pending: [(id: ChangeID, receipt: PositionToken)] = []
    private let merged: ([(id: ChangeID, receipt: PositionToken)]) -> Void

    /// Changes of one client whose outcome is waited for. Of what is pushed beyond, the change's own resource tells.
    private static let mostPending = 1_024

    /// - Parameter merged: is called with changes that are folded in now, applied or not.
    init(
        _ client: SocketClient, _ cursor: StreamCursor, wantsPresence: Bool, feed: Feed,
        merged: @escaping ([(id: ChangeID, receipt: PositionToken)]) -> Void
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
        var next = cursor
        if let word = next.next(update) {
            let frame = feed.frame(after: cursor.step, told: cursor.told, of: update, for: way) {
                .message(ServerMessage(word).frame)
            }
            if case .message(let frame) = frame, !client.update(frame) {
                isBehind = true
                return
            }
        }
        cursor = next
        client.have = cursor.told
        settle(upTo: update.to.positionToken)
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        var next = cursor
        guard case .unknown = absence, next.gone() != nil else { return }
        isBehind = !client.update(ServerMessage.deleted.frame)
        if !isBehind { cursor = next }
    }

    func take(presence: PresenceContent) {
        owesPresence = !client.update(ServerMessage.presence(presence.body).frame)
    }

    /// The peer reads again.
    func drained() {
        isBehind = false
        feed.deliver(to: self)
        if owesPresence { feed.tellPresence(to: self) }
    }

    // MARK: Outcomes

    /// A change of this client has a position.
    func pushed(_ id: ChangeID, _ receipt: PositionToken) {
        guard pending.count < Self.mostPending else { return }
        pending.append((id, receipt))
        if case .state(let served) = feed.whatIsServed { settle(upTo: served.positionToken) }
    }

    private func settle(upTo position: PositionToken) {
        guard !pending.isEmpty else { return }
        // Of another epoch nothing can be said: a client compares its receipts with the positions that it is told.
        pending.removeAll { $0.receipt.epoch != position.epoch }
        let count = pending.prefix { $0.receipt.number <= position.number }.count
        guard count > 0 else { return }
        merged(Array(pending.prefix(count)))
        pending.removeFirst(count)
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
