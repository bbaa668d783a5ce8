import Metrics
import Synchronization

/// What a process that looks after partitions tells of their operations. The numbers of all processes added up are those of the store.
final class OperationMetrics: Sendable {
    private let publications = Counter(label: "cistern_operation_publications")
    private let untold = Gauge(label: "cistern_operations_unpublished")
    private let kinds = Mutex<Set<String>>([])

    /// Kinds with a line of their own in the metrics, the longest lines first; users choose their names, and each is kept until the end.
    private static let maximumKinds = 50
    private static let steps = ["created", "claimed", "retried", "succeeded", "failed", "cancelled", "dead"]

    func published(_ count: Int) { publications.increment(by: count) }

    func counted(_ tallies: [OperationTally]) {
        untold.record(tallies.reduce(0) { $0 + $1.untold })
        for step in Self.steps {
            Gauge(label: "cistern_operations", dimensions: [("step", step)])
                .record(tallies.reduce(0) { $0 + ($1.totals[step] ?? 0) })
        }
        var waiting: [String: Int] = [:]
        for tally in tallies { waiting.merge(tally.waiting, uniquingKeysWith: +) }
        let named = kinds.withLock { kinds in
            for (kind, _) in waiting.sorted(by: { $0.value > $1.value }) where kinds.count < Self.maximumKinds {
                kinds.insert(kind)
            }
            return kinds
        }
        for kind in named {
            Gauge(label: "cistern_operations_waiting", dimensions: [("kind", kind)]).record(waiting[kind] ?? 0)
        }
    }
}
