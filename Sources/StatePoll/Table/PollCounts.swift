// How much each application is polled and followed, in one place for all ways. Event loops tell once a second what they have counted by
// themselves, so that no poll on a lane touches memory that other threads write; routes count here.

import ChangeLog
import Fold
import NIOCore
import Synchronization

final class PollCounts: Sendable {
    private struct Counted {
        /// What event loops have told last.
        var told: [Teller: [Activity]] = [:]
        /// Polls that routes have answered since `since`.
        var polls: [ApplicationID: Int] = [:]
        var since: ContinuousClock.Instant
        /// Clients that wait in routes.
        var followers: [ApplicationID: Int] = [:]
    }

    private struct Teller: Hashable {
        let eventLoop: ObjectIdentifier
        let measure: Activity.Measure
    }

    private let counted: Mutex<Counted>

    init(since now: ContinuousClock.Instant = .now) { counted = Mutex(Counted(since: now)) }

    // MARK: Event loops

    /// Replaces what an event loop has told of this measure before.
    func tell(_ activities: [Activity], by measure: Activity.Measure, of eventLoop: any EventLoop) {
        let chosen = BusiestApplications.chosen(from: activities, by: [measure])
        counted.withLock { $0.told[Teller(eventLoop: ObjectIdentifier(eventLoop), measure: measure)] = chosen }
    }

    // MARK: Routes

    /// A route has been polled for the application, of which there is a state: names that somebody makes up take no room here.
    func poll(_ application: ApplicationID) { counted.withLock { $0.polls[application, default: 0] += 1 } }

    /// A client begins to wait for the next version of these applications.
    func beginFollowing(_ applications: [ApplicationID]) {
        counted.withLock { counted in
            for application in applications { counted.followers[application, default: 0] += 1 }
        }
    }

    func endFollowing(_ applications: [ApplicationID]) {
        counted.withLock { counted in
            for application in applications {
                let rest = (counted.followers[application] ?? 0) - 1
                counted.followers[application] = rest > 0 ? rest : nil
            }
        }
    }

    // MARK: All

    /// The busiest of this server. Polls of routes are counted from call to call.
    func takeBusiest(at now: ContinuousClock.Instant = .now) -> [Activity] {
        let lists = counted.withLock { counted in
            defer {
                counted.polls = [:]
                counted.since = now
            }
            let polls = Activity.polls(counted.polls, over: now - counted.since)
            return counted.told.values + [polls, Activity.followers(counted.followers)]
        }
        return BusiestApplications.chosen(from: BusiestApplications.joined(lists), by: [.polls, .followers])
    }
}

extension Activity {
    /// Polls per second out of how many there were in this time.
    static func polls(_ counts: [ApplicationID: Int], over time: Duration) -> [Activity] {
        let seconds = max(time / .seconds(1), shortest)
        return counts.map { application, count in
            var activity = Activity(application)
            activity.polls = Double(count) / seconds
            return activity
        }
    }

    /// Seconds. A time too short to say anything of is no reason to divide by nothing.
    private static let shortest = 0.001

    static func followers(_ counts: [ApplicationID: Int]) -> [Activity] {
        counts.map { application, count in
            var activity = Activity(application)
            activity.followers = count
            return activity
        }
    }
}
