// The feeds of one event loop: one for each application that somebody on it follows, by whatever way.

import ChangeLog
import Fold
import HTTPService
import NIOCore
package import Presence
import Synchronization

/// The feeds of all event loops, for the lanes that share them.
package final class FeedsOfLoops: Sendable {
    private let states: States
    private let presences: Presences
    private let feeds = Mutex<[ObjectIdentifier: NIOLoopBound<Feeds>]>([:])

    package init(of states: States, _ presences: Presences) {
        self.states = states
        self.presences = presences
    }

    /// Bytes of what a client may say about itself.
    var presenceBytes: Int { presences.configuration.documentBytes }

    /// Those of an event loop, for a caller on it.
    func on(_ eventLoop: any EventLoop) -> Feeds {
        feeds.withLock { feeds in
            if let known = feeds[ObjectIdentifier(eventLoop)] { return known }
            let new = NIOLoopBound(Feeds(of: states, presences, on: eventLoop), eventLoop: eventLoop)
            feeds[ObjectIdentifier(eventLoop)] = new
            return new
        }.value
    }
}

final class Feeds {
    let states: States
    let presences: Presences
    let deadlines: Deadlines
    private let eventLoop: any EventLoop
    private var feeds: [ApplicationID: Feed] = [:]
    private var timer: RepeatedTask?

    /// Between two ticks: a fifteenth of the silence after which a follower is sent something.
    private static let tickTime: TimeAmount = .seconds(1)

    init(of states: States, _ presences: Presences, on eventLoop: any EventLoop) {
        self.states = states
        self.presences = presences
        self.eventLoop = eventLoop
        deadlines = Deadlines(on: eventLoop)
    }

    /// The application's feed, opened if nobody has followed it here until now. Whoever asks joins it.
    func feed(of application: ApplicationID) -> Feed {
        if let feed = feeds[application] { return feed }
        let feed = Feed(application, of: states, presences, on: eventLoop)
        feeds[application] = feed
        feed.open()
        if timer == nil { startTicks() }
        return feed
    }

    /// - Returns: false if the server has as many followers as it may.
    func join(_ follower: any Follower, _ feed: Feed) -> Bool {
        let hasRoom = states.takePlace(follower.way)
        if hasRoom {
            feed.join(follower)
        } else {
            closeIfEmpty(feed)
        }
        return hasRoom
    }

    func leave(_ follower: any Follower, _ feed: Feed) {
        guard feed.leave(follower) else { return }
        states.giveBackPlace(follower.way)
        closeIfEmpty(feed)
    }

    private func closeIfEmpty(_ feed: Feed) {
        guard feed.isEmpty else { return }
        feed.close()
        if feeds[feed.application] === feed { feeds[feed.application] = nil }
        if feeds.isEmpty { stopTicks() }
    }

    // MARK: Ticks

    /// Only while somebody follows.
    private func startTicks() {
        let own = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: Self.tickTime, delay: Self.tickTime) { _ in
            own.value.tick()
        }
    }

    private func tick() {
        let now = NIODeadline.now()
        for feed in feeds.values { feed.tick(now) }
        tellFollowers()
    }

    private func stopTicks() {
        timer?.cancel()
        timer = nil
        tellFollowers()
    }

    private func tellFollowers() {
        states.counts.tell(Activity.followers(feeds.mapValues(\.followerCount)), by: .followers, of: eventLoop)
    }
}
