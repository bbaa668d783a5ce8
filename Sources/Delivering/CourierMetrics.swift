import Metrics
import Webhooks

/// What a courier counts.
final class CourierMetrics: Sendable {
    private let fannedOut = Counter(label: "cistern_courier_deliveries_made")
    private let failures = Counter(label: "cistern_courier_failures")
    private let duration = Timer(label: "cistern_courier_attempt_duration")
    private let underWay = Gauge(label: "cistern_courier_attempts_under_way")
    private let openCircuits = Gauge(label: "cistern_courier_open_circuits")
    private let webhooks = Gauge(label: "cistern_courier_webhooks")
    private let attempts: [String: Counter] = Dictionary(
        uniqueKeysWithValues: ["delivered", "retried", "dead", "gone"].map {
            ($0, Counter(label: "cistern_courier_attempts", dimensions: [("outcome", $0)]))
        })

    func made(_ count: Int) { fannedOut.increment(by: count) }

    func failed() { failures.increment() }

    func attempted(_ verdict: Verdict, isLast: Bool, for time: Duration) {
        let outcome =
            switch verdict {
            case .delivered: "delivered"
            case .retry: isLast ? "dead" : "retried"
            case .dead: "dead"
            case .gone: "gone"
            }
        attempts[outcome]?.increment()
        duration.recordNanoseconds(time.nanoseconds)
    }

    func working(_ lanes: Lanes, webhooks count: Int) {
        underWay.record(lanes.underWay)
        openCircuits.record(lanes.openCircuits)
        webhooks.record(count)
    }
}
