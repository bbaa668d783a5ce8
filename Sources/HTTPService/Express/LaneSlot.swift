// A lane on one event loop with what is counted of it. Counts gather here and reach the shared counters now and then, so that no
// request touches memory that other threads write.

import HTTPTypes
import Metrics

final class LaneSlot {
    let lane: any ExpressLane
    /// In the order of the counters.
    private var tally = [0, 0, 0, 0]
    private let counters: [Counter]
    private let inAll: Counter
    private let times: Timer

    init(_ lane: any ExpressLane, metrics: any MetricsFactory) {
        self.lane = lane
        let labels = [("method", lane.route.method.rawValue), ("route", lane.route.template)]
        counters = RequestMetrics.counters(labels, metrics)
        times = RequestMetrics.promptTimer(labels, metrics)
        inAll = Counter(label: "http_express_requests", dimensions: labels, factory: metrics)
    }

    func count(status: Int) { tally[RequestMetrics.place(of: status)] += 1 }

    /// Notes how long an answer took that did not come at once. Those that do take no time worth a clock.
    func record(nanoseconds: Int64) { times.recordNanoseconds(nanoseconds) }

    func report() {
        let sum = tally.reduce(0, +)
        guard sum > 0 else { return }
        inAll.increment(by: sum)
        for index in tally.indices where tally[index] > 0 {
            counters[index].increment(by: tally[index])
            tally[index] = 0
        }
    }
}
