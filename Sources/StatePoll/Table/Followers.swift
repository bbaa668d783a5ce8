// Clients that wait for the next version, by whatever way: each has one of the server's places, and is counted.

import Fold
import HTTPService

extension States {
    /// - Returns: false if as many follow as may.
    func takePlace(_ way: FollowerWay) -> Bool {
        guard waiting.take() else { return false }
        metrics.followers(way, 1)
        return true
    }

    func giveBackPlace(_ way: FollowerWay) {
        waiting.giveBack()
        metrics.followers(way, -1)
    }

    /// For a route, which waits without a feed. To be ended once.
    ///
    /// - Returns: false if as many follow as may.
    func beginFollowing(_ applications: [ApplicationID]) -> Bool {
        guard takePlace(.longPoll) else { return false }
        counts.beginFollowing(applications)
        return true
    }

    func endFollowing(_ applications: [ApplicationID]) {
        counts.endFollowing(applications)
        giveBackPlace(.longPoll)
    }
}
