// Somebody who follows an application, on the event loop of its feed.

import NIOCore
import Presence
import Synchronization

protocol Follower: AnyObject {
    var way: FollowerWay { get }
    /// What to ask for on its behalf; nil if it can take nothing at the moment.
    var step: Step? { get }
    func take(_ update: Update, from feed: Feed)
    /// There is no such application, as far as anybody knows; or nobody could look.
    func take(absence: StateWait.Served, from feed: Feed)
    /// Whether it wants to know who is here, too.
    var wantsPresence: Bool { get }
    func take(presence: PresenceContent)
    /// About once a second.
    func tick(_ now: NIODeadline)
}

extension Follower {
    var wantsPresence: Bool { false }
    func take(presence: PresenceContent) {}
    func tick(_ now: NIODeadline) {}
}

/// How somebody follows.
enum FollowerWay: String, CaseIterable {
    case longPoll = "long-poll"
    case events
    case socket
}

/// The places for all followers of a server.
final class FollowerPlaces: Sendable {
    private let free: Atomic<Int>

    init(_ count: Int) {
        free = Atomic(count)
    }

    /// - Returns: false if there is none left.
    func take() -> Bool {
        guard free.subtract(1, ordering: .relaxed).newValue >= 0 else {
            giveBack()
            return false
        }
        return true
    }

    func giveBack() { free.add(1, ordering: .relaxed) }
}
