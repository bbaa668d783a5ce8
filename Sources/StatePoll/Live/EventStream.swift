// Server-Sent Events on the front of a connection. The stream has no queue: while the peer does not read, nothing is written, and then it
// is told what leads from its version to the newest.

import Fold
import HTTPService
import HTTPTypes
import NIOCore

final class EventStream: Follower, LaneWaiter {
    private var cursor: StreamCursor
    private let feed: Feed
    private let feeds: Feeds
    private var stream: LaneStream?
    private var hasLeft = false
    private var lastWrite = NIODeadline.now()

    init(_ cursor: StreamCursor, feed: Feed, feeds: Feeds) {
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
        let (step, told) = (cursor.step, cursor.told)
        guard let word = cursor.next(update) else { return }
        send(
            feed.frame(word, after: step, told: told, of: update, as: .event) {
                ByteBuffer(chunk: EventFrame.event($0))
            })
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        guard case .unknown = absence, let word = cursor.gone() else { return }
        send(ByteBuffer(chunk: EventFrame.event(word)))
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

    func serverStops() {
        leave()
        stream?.end()
    }

    func writableAgain() { feed.deliver(to: self) }

    private func leave() {
        hasLeft = true
        feeds.leave(self, feed)
    }
}
