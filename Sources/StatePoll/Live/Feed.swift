// Those on one event loop who follow one application: told of each version as it comes, from bytes that are made once for all of them.
//
//     watcher ──one call per event loop──▶ Feed ──▶ follower, follower, follower …
//                                           │ a delta that nobody has worked out yet
//                                           └──▶ Editions ──one call per delta──▶ Feed
//
// There is no queue: a follower says from which version it wants to go on, and gets what leads from there to the newest. One that is
// slow skips versions.

import Fold
import NIOCore

/// Somebody who follows an application, on the event loop of its feed.
protocol Follower: AnyObject {
    /// What to ask for on its behalf; nil if it can take nothing at the moment.
    var step: Step? { get }
    func take(_ update: Update, from feed: Feed)
    /// There is no such application, as far as anybody knows; or nobody could look.
    func take(absence: StateWait.Served, from feed: Feed)
}

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
    private var framesVersion: VersionToken?

    /// A form in which an update is written down.
    enum Wire: Hashable {
        case event
        case message
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

    func join(_ follower: any Follower) {
        followers[ObjectIdentifier(follower)] = follower
        deliver(to: follower)
    }

    func leave(_ follower: any Follower) { followers[ObjectIdentifier(follower)] = nil }

    /// Everybody, in no order, for what is done now and then.
    var everybody: [any Follower] { Array(followers.values) }

    // MARK: Delivery

    private func deliver() {
        // Whoever is told may leave.
        for follower in everybody { deliver(to: follower) }
    }

    /// Gives a follower what there is for it.
    func deliver(to follower: any Follower) {
        guard let step = follower.step, let live = listening?.live else { return }
        switch live.editions.ask(step) {
        case .update(let update): follower.take(update, from: self)
        case .nothing: follower.take(absence: states.entry(application)?.whatIsServed ?? .unavailable, from: self)
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

    // MARK: Bytes

    /// What `word`, which followed from `step`, is on the wire: made once, for all who are told the same.
    func frame(
        _ word: StreamCursor.Word, after step: Step, told: VersionToken?, to version: VersionToken, as wire: Wire,
        _ make: (StreamCursor.Word) -> ByteBuffer
    ) -> ByteBuffer {
        if framesVersion != version {
            frames = [:]
            framesVersion = version
        }
        let key = FrameKey(step: step, told: told, wire: wire)
        if let frame = frames[key] { return frame }
        let frame = make(word)
        frames[key] = frame
        return frame
    }
}
