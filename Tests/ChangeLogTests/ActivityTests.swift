import ChangeLog
import Documents
import Fold
import TestSupport
import Testing

@Suite("The busiest applications")
struct ActivityTests {
    private func activity(_ name: String, rate: Double = 0, pending: Int = 0, polls: Double = 0) -> Activity {
        var activity = Activity(id(name))
        activity.rate = rate
        activity.pending = pending
        activity.polls = polls
        return activity
    }

    @Test("An activity is the same after a journey as JSON, and what is none is passed over")
    func documents() throws {
        var all = activity("a", rate: 12.345, pending: 3, polls: 0.5)
        all.lag = 17
        all.bytes = 1 << 40
        all.followers = 9
        #expect(Activity(all.document) == all)
        #expect(activity("a").document.encoded() == Array(#"{"app":"a"}"#.utf8))
        for text in ["{}", #"{"app":"-"}"#, "5", #"{"app":7}"#] {
            let document = try Document(parsing: Array(text.utf8))
            #expect(Activity(document) == nil)
        }
        let odd = Activity(try Document(parsing: Array(#"{"app":"a","rate":-5,"pending":1e400,"lag":"x"}"#.utf8)))
        #expect(odd.map { $0.rate == 0 && $0.lag == 0 && $0.pending >= 0 } == true)
    }

    @Test("The first ones by each measure are chosen, however many there are, and never those with nothing")
    func choice() throws {
        var generator = SeededNumbers(seed: 7)
        let all = (0..<5_000).map { number in
            activity(
                "a\(number)", rate: Double.random(in: 0...1_000, using: &generator),
                pending: Int.random(in: 0...3, using: &generator) * number)
        }
        let chosen = BusiestApplications.chosen(from: all, by: [.rate, .pending])
        #expect(chosen.count <= 2 * BusiestApplications.count)
        for measure in [Activity.Measure.rate, .pending] {
            let expected = all.map { $0[measure] }.sorted(by: >).prefix(BusiestApplications.count)
            #expect(chosen.map { $0[measure] }.sorted(by: >).prefix(BusiestApplications.count) == expected)
        }
        #expect(BusiestApplications.chosen(from: [activity("idle")], by: Activity.Measure.allCases).isEmpty)
    }

    @Test("Several daemons' lists are one list, sums where each saw a part, the greatest first")
    func ranking() {
        let lists = [
            [activity("a", rate: 1, pending: 5), activity("b", rate: 4)],
            [activity("a", polls: 8), activity("a", rate: 2, pending: 3)], [activity("c", rate: 4)], [],
        ]
        let ranked = BusiestApplications.ranked(lists, by: .rate, limit: 10)
        #expect(ranked.map(\.application) == [id("b"), id("c"), id("a")])
        #expect(ranked.last == activity("a", rate: 3, pending: 5, polls: 8))
        #expect(BusiestApplications.ranked(lists, by: .rate, limit: 1).map(\.application) == [id("b")])
        #expect(BusiestApplications.ranked(lists, by: .polls, limit: 10).map(\.application) == [id("a")])
    }
}
