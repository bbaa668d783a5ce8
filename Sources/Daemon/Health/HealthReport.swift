// What a daemon tells of itself: who it is, whether it can do its work, and its figures. Operators see it without asking each daemon.

import ChangeLog
import Documents
import Fold
import HTTPService
import Telemetry

struct HealthReport {
    /// Bytes of reasons why it is not ready, so that no report is large.
    static let longestReason = 500

    let role: String
    let address: String
    /// Milliseconds since 1970.
    let since: UInt64
    let results: [(name: String, result: ReadinessCheck.Result)]
    let setup: Setup
    /// What only this kind of daemon has to say.
    let details: [(String, Document)]

    func document(_ metrics: MetricsRegistry) -> Document {
        var reasons: [(String, Document)] = []
        for (name, result) in results {
            guard case .notReady(let reason) = result else { continue }
            reasons.append((name, .string(String(reason.prefix(Self.longestReason)))))
        }
        var members: [(String, Document)] = [
            ("role", .string(role)), ("address", .string(address)), ("version", .string(Release.version)),
            ("since", .string(RFC3339.string(milliseconds: since))), ("ready", .bool(reasons.isEmpty)),
            ("figures", .object(Self.figures(metrics))), ("setup", setup.document),
        ]
        if !reasons.isEmpty { members.append(("reasons", .object(reasons))) }
        return .object(members + details)
    }

    /// What it was started with, as far as it tells whether it fits the others and its machine.
    struct Setup {
        /// Connections that it takes, and sockets that it may open for them.
        let maximumConnections: Int
        let openFiles: Int
        let hasKeys: Bool
        /// Seconds since 1970.
        let certificateEnd: Int?

        var document: Document {
            .object(
                [
                    ("fold_version", .integer(FoldRules.version)), ("max_connections", .integer(maximumConnections)),
                    ("open_files", .integer(min(openFiles, (1 << 53) - 1))), ("keys", .bool(hasKeys)),
                ] + (certificateEnd.map { [("certificate_end", .integer($0))] } ?? []))
        }
    }

    /// A figure, where it is read, and what of it.
    private struct Figure {
        let name: String
        let metric: String
        var labels: [(String, String)] = []
        var part: @Sendable (MetricReading) -> Double = { $0.sum }
    }

    private static let state = ApplicationPath.template("/state")
    private static let change = ApplicationPath.template("/changes/{change}")
    private static let batch = ApplicationPath.template("/changes")

    /// What only grows is told as it stands: a rate is the difference of two reports.
    private static let table = [
        Figure(name: "requests", metric: "http_requests_total"),
        Figure(name: "server_errors", metric: "http_requests_total", labels: [("status", "5xx")]),
        Figure(name: "polls", metric: "http_requests_total", labels: [("method", "GET"), ("route", state)]),
        Figure(name: "pushes", metric: "http_requests_total", labels: [("method", "PUT"), ("route", change)]),
        Figure(name: "batches", metric: "http_requests_total", labels: [("method", "PUT"), ("route", batch)]),
        Figure(name: "connections", metric: "http_connections"),
        Figure(name: "load", metric: "http_loop_load", part: { $0.largest }),
        Figure(name: "followers", metric: "cistern_poll_followers"),
        Figure(name: "applications", metric: "cistern_merge_applications"),
        Figure(name: "folded", metric: "cistern_merge_changes_folded_total"),
        Figure(name: "rejected", metric: "cistern_merge_changes_rejected_total"),
        Figure(name: "published", metric: "cistern_merge_publishes_total"),
        Figure(name: "failures", metric: "cistern_merge_failures_total"),
        Figure(name: "pending", metric: "cistern_merge_backlog_changes"),
        Figure(name: "dirty", metric: "cistern_merge_dirty_applications"),
        Figure(name: "lag_seconds", metric: "cistern_merge_lag_seconds"),
        Figure(name: "lag_count", metric: "cistern_merge_lag_seconds", part: { $0.count }),
        Figure(name: "cpu_seconds", metric: "process_cpu_seconds_total"),
        Figure(name: "memory", metric: "process_resident_memory_bytes"),
    ]

    private static func figures(_ metrics: MetricsRegistry) -> [(String, Document)] {
        table.compactMap { figure in
            metrics.reading(figure.metric, figure.labels).map { (figure.name, .decimal(figure.part($0))) }
        }
    }
}
