// A lane on one event loop with what is counted of it. Counts gather here and reach the shared counters now and then, so that no
// request touches memory that other threads write.

import HTTPTypes
import Metrics

final class LaneSlot {
    let lane: any ExpressLane
    /// What its requests count as; nil if whoever it hands connections to asks for that, too.
    let work: RatedWork?
    /// In the order of the counters.
    private var tally: InlineArray<4, Int> = [0, 0, 0, 0]
    /// Replies that are owed, and how many of them the shared gauge knows of.
    private var owed = 0
    private var reported = 0
    private let inFlight: Meter
    private let counters: [Counter]
    private let inAll: Counter
    private let times: Timer
    /// Times of patient replies: in one series with the others', neither would mean anything.
    private let waits: Timer

    init(_ lane: any ExpressLane, metrics: any MetricsFactory) {
        self.lane = lane
        work = lane.action?.ratedWork
        let labels = [("method", lane.route.method.rawValue), ("route", lane.route.template)]
        counters = RequestMetrics.counters(labels, metrics)
        times = RequestMetrics.timer(labels, mayWait: false, metrics)
        waits = RequestMetrics.timer(labels, mayWait: true, metrics)
        inFlight = RequestMetrics.inFlight(metrics)
        inAll = Counter(label: "http_express_requests", dimensions: labels, factory: metrics)
    }

    func count(status: Int) { tally[RequestMetrics.place(of: status)] += 1 }

    /// Notes how long an answer took that did not come at once, a stream's until its head. Those that do take no time worth a clock.
    func record(nanoseconds: Int64, isPatient: Bool) {
        (isPatient ? waits : times).recordNanoseconds(nanoseconds)
    }

    func replyIsOwed() { owed += 1 }

    /// Given, or nobody waits for it any more.
    func replyIsSettled() { owed -= 1 }

    func report() {
        if owed != reported {
            inFlight.increment(by: Double(owed - reported))
            reported = owed
        }
        let sum = tally.indices.reduce(0) { $0 + tally[$1] }
        guard sum > 0 else { return }
        inAll.increment(by: sum)
        for index in tally.indices where tally[index] > 0 {
            counters[index].increment(by: tally[index])
            tally[index] = 0
        }
    }
}
