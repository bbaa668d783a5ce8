// Somebody who follows an application, on the event loop of its feed.

import NIOCore
import Presence

protocol Follower: AnyObject {
    var way: FollowerWay { get }
    /// Among those of its feed; nil when it follows none.
    var place: Int? { get set }
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
