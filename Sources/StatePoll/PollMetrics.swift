import Metrics

/// What a poll server counts besides its requests.
struct PollMetrics: Sendable {
    private let hits = Counter(label: "cistern_poll_snapshot_hits")
    private let misses = Counter(label: "cistern_poll_snapshot_misses")
    private let rebuilds = Counter(label: "cistern_poll_rebuilds")
    private let looks = Counter(label: "cistern_poll_looks")
    private let failures = Counter(label: "cistern_poll_look_failures")
    private let evictions = Counter(label: "cistern_poll_evictions")

    func snapshot(found: Bool) { (found ? hits : misses).increment() }
    func rebuilt() { rebuilds.increment() }
    func looked() { looks.increment() }
    func failed() { failures.increment() }
    func evicted(_ count: Int) { evictions.increment(by: count) }
}
