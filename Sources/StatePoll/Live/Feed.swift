// Those on one event loop who follow one application: told of each version as it comes, from bytes that are made once for all of them.
//
//     watcher ──one call per event loop──▶ Feed ──▶ follower, follower, follower …
//                                           │ a delta that nobody has worked out yet
//                                           └──▶ Editions ──one call per delta──▶ Feed
//
// There is no queue: a follower says from which version it wants to go on, and gets what leads from there to the newest. One that is
// slow skips versions.

import Fold
import HTTPService
import HTTPTypes
import NIOCore

final class Feed {
    let application: ApplicationID
    private let states: States
    private let eventLoop: any EventLoop
    private var followers: [ObjectIdentifier: any Follower] = [:]
    private var listening: States.Listening?
    /// Steps that are being worked out.
    private var asked: Set<Step> = []
    /// What was made of the newest version's updates for the wire.
    private var frames: [FrameKey: ByteBuffer] = [:]
    private var answers: [AnswerKey: PreparedAnswer] = [:]
    private var madeFor: PositionToken?

    /// A form in which an update is written down.
    enum Wire: Hashable {
        case event
        case message
    }

    private struct AnswerKey: Hashable {
        let step: Step
        let base: VersionToken?
        let isModified: Bool
    }

    private struct FrameKey: Hashable {
        let step: Step
        let told: VersionToken?
        let wire: Wire
    }

    init(_ application: ApplicationID, of states: States, on eventLoop: any EventLoop) {
        self.application = application
        self.states = states
        self.eventLoop = eventLoop
    }

    /// Begins to listen.
    func open() {
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        listening = states.listen(to: application) { eventLoop.execute { own.value.deliver() } }
    }

    func close() {
        listening?.end()
        listening = nil
    }

    // MARK: Followers

    var isEmpty: Bool { followers.isEmpty }

    /// From now on the follower is told of what is new; what there is already it has to ask for.
    func join(_ follower: any Follower) { followers[ObjectIdentifier(follower)] = follower }

    /// - Returns: false if it was none.
    func leave(_ follower: any Follower) -> Bool { followers.removeValue(forKey: ObjectIdentifier(follower)) != nil }

    /// In no order. Whoever is told something may leave.
    private var everybody: [any Follower] { Array(followers.values) }

    func tick(_ now: NIODeadline) {
        for follower in everybody { follower.tick(now) }
    }

    // MARK: Delivery

    private func deliver() {
        for follower in everybody { deliver(to: follower) }
    }

    /// Gives a follower what there is for it.
    func deliver(to follower: any Follower) {
        guard let step = follower.step, let live = listening?.live else { return }
        switch live.editions.ask(step) {
        case .update(let update): follower.take(update, from: self)
        case .nothing: follower.take(absence: whatIsServed, from: self)
        case .later: workOut(step, live.editions)
        }
    }

    private func workOut(_ step: Step, _ editions: Editions) {
        guard asked.insert(step).inserted else { return }
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        editions.workOut(step) { update in eventLoop.execute { own.value.workedOut(step, update) } }
    }

    private func workedOut(_ step: Step, _ update: Update?) {
        asked.remove(step)
        for follower in everybody where follower.step == step {
            if let update { follower.take(update, from: self) }
            // There may be another version by now.
            deliver(to: follower)
        }
    }

    var whatIsServed: StateWait.Served { states.entry(application)?.whatIsServed ?? .unavailable }

    // MARK: Bytes

    /// The answer on the wire: made once for all who have the same version and asked the same.
    func prepared(_ answer: StateAnswer, after wait: StateWait) -> PreparedAnswer {
        forgetOlder(than: answer.served)
        let key = AnswerKey(step: wait.step, base: wait.question.known.first, isModified: answer.status != .notModified)
        if let answer = answers[key] { return answer }
        let prepared = PreparedAnswer(answer)
        answers[key] = prepared
        return prepared
    }

    /// What `word`, which followed from `step`, is on the wire: made once, for all who are told the same.
    func frame(
        _ word: StreamCursor.Word, after step: Step, told: VersionToken?, of update: Update, as wire: Wire,
        _ make: (StreamCursor.Word) -> ByteBuffer
    ) -> ByteBuffer {
        forgetOlder(than: update.to)
        let key = FrameKey(step: step, told: told, wire: wire)
        if let frame = frames[key] { return frame }
        let frame = make(word)
        frames[key] = frame
        return frame
    }

    /// What was made for another version, or another position of it, serves nobody any more.
    private func forgetOlder(than served: ServedState) {
        guard served.positionToken != madeFor else { return }
        frames = [:]
        answers = [:]
        madeFor = served.positionToken
    }
}
