import ChangeLog
import Fold
import NIOEmbedded
import Testing

@testable import StatePoll

@Suite("How much each application is polled and followed")
struct PollCountsTests {
    private let start = ContinuousClock.now
    private let loops = [EmbeddedEventLoop(), EmbeddedEventLoop()]

    private func application(_ name: String) throws -> ApplicationID { try ApplicationID(name) }

    private func activity(_ name: String, polls: Double = 0, followers: Int = 0) throws -> Activity {
        var activity = Activity(try application(name))
        activity.polls = polls
        activity.followers = followers
        return activity
    }

    private func taken(_ counts: PollCounts, at seconds: Int) -> [Activity] {
        counts.takeBusiest(at: start + .seconds(seconds)).sorted {
            $0.application.description < $1.application.description
        }
    }

    @Test("What event loops tell and what routes count is one sum for each application")
    func sums() throws {
        let counts = PollCounts(since: start)
        let (a, b) = (try application("a"), try application("b"))
        counts.tell(Activity.polls([a: 30, b: 5], over: .seconds(1)), by: .polls, of: loops[0])
        counts.tell(Activity.polls([a: 1], over: .milliseconds(500)), by: .polls, of: loops[1])
        counts.tell(Activity.followers([a: 7]), by: .followers, of: loops[0])
        for _ in 0..<6 { counts.poll(a) }
        counts.beginFollowing([a, b])
        counts.beginFollowing([b])
        #expect(
            taken(counts, at: 2) == [
                try activity("a", polls: 35, followers: 8), try activity("b", polls: 5, followers: 2),
            ])
    }

    @Test("Polls of routes are those since they were taken last, followers those of the moment")
    func moments() throws {
        let counts = PollCounts(since: start)
        let a = try application("a")
        counts.poll(a)
        counts.beginFollowing([a])
        #expect(taken(counts, at: 1) == [try activity("a", polls: 1, followers: 1)])
        #expect(taken(counts, at: 2) == [try activity("a", followers: 1)])
        counts.beginFollowing([a])
        counts.endFollowing([a])
        #expect(taken(counts, at: 3) == [try activity("a", followers: 1)])
        counts.endFollowing([a])
        #expect(taken(counts, at: 4) == [])
    }

    @Test("What an event loop tells takes the place of what it told of the same measure before")
    func replaced() throws {
        let counts = PollCounts(since: start)
        let a = try application("a")
        counts.tell(Activity.followers([a: 7]), by: .followers, of: loops[0])
        counts.tell(Activity.polls([a: 2], over: .seconds(1)), by: .polls, of: loops[0])
        counts.tell(Activity.followers([a: 3]), by: .followers, of: loops[0])
        #expect(taken(counts, at: 1) == [try activity("a", polls: 2, followers: 3)])
        counts.tell([], by: .followers, of: loops[0])
        #expect(taken(counts, at: 1) == [try activity("a", polls: 2)])
    }
}
