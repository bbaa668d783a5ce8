// The feeds of one event loop: one for each application that somebody on it follows.

import Fold
import NIOCore

final class Feeds {
    private let states: States
    private let eventLoop: any EventLoop
    private var feeds: [ApplicationID: Feed] = [:]

    init(of states: States, on eventLoop: any EventLoop) {
        self.states = states
        self.eventLoop = eventLoop
    }

    /// The application's feed, opened if nobody has followed it here until now. Whoever asks joins it.
    func feed(of application: ApplicationID) -> Feed {
        if let feed = feeds[application] { return feed }
        let feed = Feed(application, of: states, on: eventLoop)
        feeds[application] = feed
        feed.open()
        return feed
    }

    /// - Returns: false if the server has as many followers as it may.
    func join(_ follower: any Follower, _ feed: Feed) -> Bool {
        let hasRoom = states.followers.take()
        if hasRoom {
            feed.join(follower)
            states.metrics.followers(follower.way, 1)
        } else {
            closeIfEmpty(feed)
        }
        return hasRoom
    }

    func leave(_ follower: any Follower, _ feed: Feed) {
        guard feed.leave(follower) else { return }
        states.followers.giveBack()
        states.metrics.followers(follower.way, -1)
        closeIfEmpty(feed)
    }

    private func closeIfEmpty(_ feed: Feed) {
        guard feed.isEmpty else { return }
        feed.close()
        if feeds[feed.application] === feed { feeds[feed.application] = nil }
    }

    /// What is done now and then, about once a second.
    func tick(_ now: NIODeadline) {
        for feed in feeds.values { feed.tick(now) }
    }
}
