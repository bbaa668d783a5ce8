import Metrics

/// What a poll server counts besides its requests.
struct PollMetrics: Sendable {
    private let hits = Counter(label: "cistern_poll_snapshot_hits")
    private let misses = Counter(label: "cistern_poll_snapshot_misses")
    private let rebuilds = Counter(label: "cistern_poll_rebuilds")
    private let looks = Counter(label: "cistern_poll_looks")
    private let failures = Counter(label: "cistern_poll_look_failures")
    private let evictions = Counter(label: "cistern_poll_evictions")
    private let followers = Dictionary(
        uniqueKeysWithValues: FollowerWay.allCases.map { way in
            (way, Meter(label: "cistern_poll_followers", dimensions: [("way", way.rawValue)]))
        })

    func snapshot(found: Bool) { (found ? hits : misses).increment() }
    func rebuilt() { rebuilds.increment() }
    func looked() { looks.increment() }
    func failed() { failures.increment() }
    /// Clients that wait for the next version.
    func followers(_ way: FollowerWay, _ change: Int) { followers[way]?.increment(by: Double(change)) }
    func evicted(_ count: Int) { evictions.increment(by: count) }
}
