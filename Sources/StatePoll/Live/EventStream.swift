// Server-Sent Events of one client. The stream has no queue: while its reader takes nothing, nothing is written, and then it is told what
// leads from its version to the newest.

import Fold
import HTTPService
import HTTPTypes
import NIOCore
import Presence

/// Where a stream goes: a connection's front, or a route's task.
protocol EventSink {
    /// Whether the reader has taken what was sent before. ``EventStream/writableAgain()`` tells when it has.
    var isWritable: Bool { get }
    func send(_ frame: EventFrame)
    func end()
}

extension LaneStream: EventSink {
    func send(_ frame: EventFrame) { send(frame.chunk) }
}

final class EventStream: Follower, LaneWaiter {
    let wantsPresence: Bool
    private let caller: Caller
    private var cursor: StreamCursor
    private let feed: Feed
    private let feeds: Feeds
    private var sink: (any EventSink)?
    private var hasLeft = false
    private var owesPresence = false
    private var lastWrite = NIODeadline.now()

    init(_ question: StateQuestion, in feeds: Feeds) {
        caller = question.caller
        wantsPresence = question.wantsPresence
        cursor = StreamCursor(question.view, after: question.known.first)
        feed = feeds.feed(of: question.application)
        self.feeds = feeds
    }

    /// Follows from now on, and has to be ended. To be called at once, because nothing else keeps the feed.
    func join() throws(Problem) {
        guard feeds.join(self, feed) else {
            throw Problem(
                .overloaded,
                "As many clients wait for changes here as this server keeps; poll instead, or come back later."
            )
            .retry(after: Self.roomDelay)
        }
    }

    /// By then some long polls have ended.
    private static let roomDelay: Duration = .seconds(5)

    /// Begins to tell, unless the reader has gone already.
    func begin(_ sink: any EventSink) {
        guard !hasLeft else { return }
        self.sink = sink
        send(.opening)
        feed.deliver(to: self)
        feed.tellPresence(to: self)
    }

    // MARK: The feed

    let way = FollowerWay.events
    var place: Int?

    var step: Step? { isWritable ? cursor.step : nil }

    private var isWritable: Bool { sink?.isWritable ?? false }

    func take(_ update: Update, from feed: Feed) {
        let telling = Feed.Telling(to: cursor)
        guard let word = cursor.next(update) else { return }
        send(feed.events.made(for: telling, of: update.to) { EventFrame(word) })
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        guard case .unknown = absence, let word = cursor.gone() else { return }
        send(EventFrame(word))
    }

    /// Only the newest counts, so one that cannot be sent now is asked for again when it can.
    func take(presence: PresenceContent) {
        if isWritable { send(EventFrame(presence)) } else { owesPresence = true }
    }

    func tick(_ now: NIODeadline) {
        guard !caller.isOver(at: now) else { return end(.unauthenticated) }
        if isWritable, now - lastWrite >= Self.silence { send(.heartbeat) }
    }

    private func send(_ frame: EventFrame) {
        lastWrite = .now()
        sink?.send(frame)
    }

    private static let silence = TimeAmount(EventFrame.silence)

    // MARK: The reader

    func peerLeft() { leave() }

    func answerNow(_ reason: LaneHurry) { end() }

    private func end(_ last: EventFrame? = nil) {
        let sink = sink
        leave()
        if let last { sink?.send(last) }
        sink?.end()
    }

    func writableAgain() {
        feed.deliver(to: self)
        guard owesPresence, isWritable else { return }
        owesPresence = false
        feed.tellPresence(to: self)
    }

    private func leave() {
        hasLeft = true
        // It may hold on to the stream.
        sink = nil
        feeds.leave(self, feed)
    }
}

// MARK: - In a lane

extension EventStream {
    /// Answers with the stream.
    func start(_ reply: LaneReply, _ fields: AnswerFields) {
        // Before the reply, which may say that the peer has left already.
        do throws(Problem) { try join() } catch { return reply { $0.write(error) } }
        begin(reply.begin(self) { $0.beginChunks(Self.head, fields) })
    }

    private static let head = AnswerHead(.ok, AnswerFields(StateFields.events))
}
