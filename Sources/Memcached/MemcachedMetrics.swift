// What the client counts.

import Metrics

struct MemcachedMetrics: Sendable {
    enum Kind: String, CaseIterable {
        case get, store, delete, statistics
    }

    private let hits: Counter
    private let misses: Counter
    private let batchKeys: Recorder
    private let durations: [Kind: Timer]
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        self.factory = factory
        hits = Counter(label: "memcached_gets", dimensions: [("result", "hit")], factory: factory)
        misses = Counter(label: "memcached_gets", dimensions: [("result", "miss")], factory: factory)
        batchKeys = Recorder(label: "memcached_batch_keys", dimensions: [], aggregate: true, factory: factory)
        durations = Dictionary(
            uniqueKeysWithValues: Kind.allCases.map { kind in
                let dimensions = [("operation", kind.rawValue)]
                return (kind, Timer(label: "memcached_operation_duration", dimensions: dimensions, factory: factory))
            })
    }

    func found(_ item: MemcachedItem?) {
        (item == nil ? misses : hits).increment()
    }

    /// One request for so many different keys went to one server.
    func requested(keys: Int) {
        batchKeys.record(keys)
    }

    func took(_ duration: Duration, _ kind: Kind) {
        durations[kind]?.record(duration: duration)
    }

    func failed(_ error: MemcachedError) {
        Counter(label: "memcached_errors", dimensions: [("kind", error.kind)], factory: factory).increment()
    }
}
