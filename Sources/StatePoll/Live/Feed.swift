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
import Presence
import Sockets

final class Feed {
    let application: ApplicationID
    private let states: States
    private let presences: Presences
    private let eventLoop: any EventLoop
    private var followers = PlacedList<any Follower> { $0.place = $1 }
    private var listening: States.Listening?
    /// While somebody wants to know who is here.
    private var observation: PresenceObservation?
    private var presence: PresenceContent?
    /// Steps that are being worked out.
    private var asked: Set<Step> = []
    /// What followers are told, on the wire: made once for all who had the same and are told the same.
    var events = MadeOnce<Telling, EventFrame>()
    var messages = MadeOnce<Telling, SocketFrame>()
    private var answers = MadeOnce<AnswerKey, PreparedAnswer>()

    private struct AnswerKey: Hashable {
        let step: Step
        let base: VersionToken?
        let isModified: Bool
    }

    /// What somebody had, and what they asked for.
    struct Telling: Hashable {
        let step: Step
        let told: VersionToken?

        init(to cursor: StreamCursor) {
            step = cursor.step
            told = cursor.told
        }
    }

    init(_ application: ApplicationID, of states: States, _ presences: Presences, on eventLoop: any EventLoop) {
        self.presences = presences
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
        observation = nil
    }

    // MARK: Followers

    var isEmpty: Bool { followers.isEmpty }
    var followerCount: Int { followers.count }

    /// From now on the follower is told of what is new; what there is already it has to ask for.
    func join(_ follower: any Follower) { followers.append(follower) }

    /// - Returns: false if it was none.
    func leave(_ follower: any Follower) -> Bool {
        guard let place = follower.place else { return false }
        follower.place = nil
        followers.remove(at: place)
        return true
    }

    /// Whoever is told something may leave.
    private func tell(_ body: (any Follower) -> Void) {
        for index in followers.indices.reversed() where index < followers.count { body(followers[index]) }
    }

    func tick(_ now: NIODeadline) {
        tell { $0.tick(now) }
    }

    // MARK: Delivery

    private func deliver() {
        guard let live = listening?.live else { return }
        // Nearly all have the same version and want the same.
        var last: (step: Step, answer: Editions.Answer)?
        tell { follower in
            guard let step = follower.step else { return }
            if last?.step != step {
                last = (step, live.editions.ask(step))
                if case .later = last?.answer { workOut(step, live.editions) }
            }
            if let answer = last?.answer { give(answer, to: follower) }
        }
    }

    /// Gives a follower what there is for it.
    func deliver(to follower: any Follower) {
        guard let step = follower.step, let live = listening?.live else { return }
        let answer = live.editions.ask(step)
        if case .later = answer { workOut(step, live.editions) }
        give(answer, to: follower)
    }

    private func give(_ answer: Editions.Answer, to follower: any Follower) {
        switch answer {
        case .update(let update): follower.take(update, from: self)
        case .nothing: follower.take(absence: whatIsServed, from: self)
        case .later: break
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
        if let update {
            tell { if $0.step == step { $0.take(update, from: self) } }
        }
        // There may be another version by now.
        if listening?.live.fetch().served !== update?.to { deliver() }
    }

    // MARK: Who is here

    /// Tells a follower who is here, if it wants to know, and from now on whenever that has changed.
    func tellPresence(to follower: any Follower) {
        guard follower.wantsPresence else { return }
        if observation == nil { observe() }
        if let presence { follower.take(presence: presence) }
    }

    private func observe() {
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        // Where there is no room for another application, nobody is told; the route says why.
        observation = try? presences.observe(application, on: eventLoop) { own.value.presenceChanged(to: $0) }
    }

    private func presenceChanged(to content: PresenceContent) {
        presence = content
        tell { if $0.wantsPresence { $0.take(presence: content) } }
    }

    var whatIsServed: StateWait.Served { states.entry(application)?.whatIsServed ?? .unavailable }

    // MARK: Bytes

    /// The answer on the wire: made once for all who have the same version and asked the same.
    func prepared(_ answer: StateAnswer, after wait: StateWait) -> PreparedAnswer {
        let key = AnswerKey(step: wait.step, base: wait.question.known.first, isModified: answer.status != .notModified)
        return answers.made(for: key, of: answer.served) { PreparedAnswer(answer) }
    }
}
