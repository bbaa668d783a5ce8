// A poll that waits for the next version on the front of its connection: a few hundred bytes, and no task.

import Fold
import HTTPService
import NIOCore

final class LongPoll: Follower, LaneWaiter, Expiring {
    private var wait: StateWait
    private let feed: Feed
    private let feeds: Feeds
    private let reply: LaneReply
    /// What every answer to this request has beside what the answer says.
    private let fields: AnswerFields
    var deadline: Deadlines.Place?
    private var isOver = false

    init(_ wait: StateWait, feed: Feed, feeds: Feeds, reply: LaneReply, fields: AnswerFields) {
        self.wait = wait
        self.feed = feed
        self.feeds = feeds
        self.reply = reply
        self.fields = fields
    }

    /// Follows, now that it has joined.
    func start() {
        reply.listen(self)
        guard !isOver else { return }
        feeds.deadlines.add(self, at: .now() + TimeAmount(wait.deadline - .now))
        feed.deliver(to: self)
    }

    // MARK: The feed

    let way = FollowerWay.longPoll
    var place: Int?

    var step: Step? { isOver ? nil : wait.step }

    func take(_ update: Update, from feed: Feed) {
        finish { () throws(Problem) in try wait.outcome(update) }
    }

    func take(absence: StateWait.Served, from feed: Feed) {
        finish { () throws(Problem) in try wait.outcome(absence) }
    }

    // MARK: The connection

    func peerLeft() { leave() }

    func answerNow(_ reason: LaneHurry) { end() }

    func timeIsOver() { end() }

    func tick(_ now: NIODeadline) {
        guard wait.question.caller.isOver(at: now) else { return }
        finish { () throws(Problem) in throw .tokenOver }
    }

    func writableAgain() {}

    // MARK: The answer

    /// The time is over, for the client or for the server.
    private func end() {
        feed.deliver(to: self)
        guard !isOver else { return }
        let served = feed.whatIsServed
        finish { () throws(Problem) in .answer(try wait.end(served)) }
    }

    private func finish(_ decide: () throws(Problem) -> StateWait.Outcome) {
        do throws(Problem) {
            switch try decide() {
            case .wait(let next): wait = next
            case .answer(let answer):
                try wait.question.caller.stillThere()
                leave()
                let prepared = feed.prepared(answer, after: wait)
                reply { $0.write(prepared, fields) }
            }
        } catch {
            leave()
            reply { $0.write(error) }
        }
    }

    private func leave() {
        isOver = true
        feeds.deadlines.remove(self)
        feeds.leave(self, feed)
    }
}
