// Server-Sent Events on the front of a connection. The stream has no queue: while the peer does not read, nothing is written, and then it
// is told what leads from its version to the newest.

import Fold
import HTTPService
import HTTPTypes
import NIOCore
import Presence

final class EventStream: Follower, LaneWaiter {
    let wantsPresence: Bool
    private var cursor: StreamCursor
    private let feed: Feed
    private let feeds: Feeds
    private var stream: LaneStream?
    private var hasLeft = false
    private var owesPresence = false
    private var lastWrite = NIODeadline.now()

    init(_ cursor: StreamCursor, wantsPresence: Bool, feed: Feed, feeds: Feeds) {
        self.wantsPresence = wantsPresence
        self.cursor = cursor
        self.feed = feed
        self.feeds = feeds
    }

    func start(_ reply: LaneReply, _ fields: AnswerFields) {
        // Before the reply, which may say that the peer has left already.
        guard feeds.join(self, feed) else { return reply { $0.write(Self.noRoom) } }
        let stream = reply.begin(self) { $0.beginChunks(Self.head, fields) }
        guard !hasLeft else { return }
        self.stream = stream
        send(Self.opening)
        feed.deliver(to: self)
        feed.tellPresence(to: self)
    }

    private static var noRoom: Problem {
        Problem(
            .overloaded, "As many clients wait for changes here as this server keeps; poll instead, or come back later."
        )
        .retry(after: .seconds(5))
    }

    private static let head = AnswerHead(.ok, AnswerFields(StateFields.events))

    // MARK: The feed

    let way = FollowerWay.events

    var step: Step? { isWritable ? cursor.step : nil }

    private var isWritable: Bool { stream?.isWritable ?? false }

    func take(_ update: Update, from feed: Feed) {
        let telling = Feed.Telling(to: cursor)
        guard let word = cursor.next(update) else { return }
        send(feed.events.made(for: telling, of: update.to) { ByteBuffer(chunk: EventFrame.event(word)) })
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        guard case .unknown = absence, let word = cursor.gone() else { return }
        send(ByteBuffer(chunk: EventFrame.event(word)))
    }

    /// Only the newest counts, so one that cannot be sent now is asked for again when it can.
    func take(presence: PresenceContent) {
        if isWritable { send(ByteBuffer(chunk: EventFrame.presence(presence))) } else { owesPresence = true }
    }

    func tick(_ now: NIODeadline) {
        if isWritable, now - lastWrite >= Self.silence { send(Self.heartbeat) }
    }

    private func send(_ chunk: ByteBuffer) {
        lastWrite = .now()
        stream?.send(chunk)
    }

    private static let opening = ByteBuffer(chunk: EventFrame.opening)
    private static let heartbeat = ByteBuffer(chunk: EventFrame.heartbeat)
    private static let silence = TimeAmount(EventFrame.silence)

    // MARK: The connection

    func peerLeft() { leave() }

    func answerNow(_ reason: LaneHurry) {
        leave()
        stream?.end()
    }

    func writableAgain() {
        feed.deliver(to: self)
        guard owesPresence else { return }
        owesPresence = false
        feed.tellPresence(to: self)
    }

    private func leave() {
        hasLeft = true
        feeds.leave(self, feed)
    }
}
