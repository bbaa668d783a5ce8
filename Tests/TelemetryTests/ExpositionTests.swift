import Metrics
import Testing

@testable import Telemetry

@Suite("The text Prometheus reads")
struct ExpositionTests {
    @Test("Every kind of instrument is written as the format wants it")
    func wholeText() {
        let registry = MetricsRegistry()
        registry.describe("cistern_changes_total", "Changes that were appended.")
        Counter(label: "cistern_changes", dimensions: [("role", "bucket")], factory: registry).increment(by: 3)
        Counter(label: "cistern_changes", dimensions: [("role", "bucket")], factory: registry).increment()
        Counter(label: "cistern_changes", dimensions: [("role", "another")], factory: registry).increment()
        FloatingPointCounter(label: "seconds.spent", factory: registry).increment(by: 0.75)
        FloatingPointCounter(label: "seconds.spent", factory: registry).increment(by: 0.5)
        let meter = Meter(label: "level", factory: registry)
        meter.set(7)
        meter.decrement(by: 2.5)
        Gauge(label: "open-connections", factory: registry).record(12)
        registry.gauge("backlog", [("app", "a")], help: "Changes that wait.") { 4 }

        #expect(
            registry.exposition() == """
                # HELP backlog Changes that wait.
                # TYPE backlog gauge
                backlog{app="a"} 4
                # HELP cistern_changes_total Changes that were appended.
                # TYPE cistern_changes_total counter
                cistern_changes_total{role="another"} 1
                cistern_changes_total{role="bucket"} 4
                # TYPE level gauge
                level 4.5
                # TYPE open_connections gauge
                open_connections 12
                # TYPE seconds_spent_total counter
                seconds_spent_total 1.25

                """)
    }

    @Test("A timer is a histogram in seconds whose buckets contain those before them")
    func histogram() {
        let registry = MetricsRegistry()
        let timer = Timer(label: "fold_duration", dimensions: [("app", "a")], factory: registry)
        // Exactly on a bound counts as inside it.
        for nanoseconds: Int64 in [100_000, 100_001, 3_000_000, 61_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        let lines = registry.exposition().split(separator: "\n").map(String.init)
        let expected: [(String, Int)] = [
            ("0.0001", 1), ("0.00025", 2), ("0.0005", 2), ("0.001", 2), ("0.0025", 2), ("0.005", 3), ("0.01", 3),
            ("0.025", 3),
            ("0.05", 3), ("0.1", 3), ("0.25", 3), ("0.5", 3), ("1", 3), ("2.5", 3), ("5", 3), ("10", 3), ("30", 3),
            ("60", 3),
            ("+Inf", 4),
        ]
        #expect(
            lines == ["# TYPE fold_duration_seconds histogram"]
                + expected.map { "fold_duration_seconds_bucket{app=\"a\",le=\"\($0.0)\"} \($0.1)" } + [
                    "fold_duration_seconds_sum{app=\"a\"} 61.003200001", "fold_duration_seconds_count{app=\"a\"} 4",
                ])
    }

    @Test("An aggregating recorder is a histogram of quantities")
    func recorder() {
        let registry = MetricsRegistry()
        let recorder = Recorder(label: "batch", factory: registry)
        for value in [1, 4, 5, 1000, 20_000_000] { recorder.record(value) }
        let text = registry.exposition()
        for line in [
            "batch_bucket{le=\"1\"} 1", "batch_bucket{le=\"4\"} 2", "batch_bucket{le=\"16\"} 3",
            "batch_bucket{le=\"1024\"} 4",
            "batch_bucket{le=\"16777216\"} 4", "batch_bucket{le=\"+Inf\"} 5", "batch_sum 20001010", "batch_count 5",
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }

    @Test("Labels are escaped, sorted and cut, and cannot break out of their line")
    func labels() {
        let nasty = MetricLabels([
            ("b", "x\"} 1\nevil 2\\"), ("a-b", "ü"), ("le", "1"), ("__name__", "n"), ("b", "second"),
        ])
        #expect(nasty.text == #"_name__="n",a_b="ü",b="x\"} 1\nevil 2\\",le_="1""#)
        #expect(MetricLabels([("a", String(repeating: "é", count: 500))]).text.utf8.count == 256 + 4)
        #expect(MetricLabels([("a", "1"), ("b", "2")]) == MetricLabels([("b", "2"), ("a", "1")]))
    }

    @Test("Names are made valid and get their suffix once")
    func names() {
        #expect(MetricName.sanitized("http.requests", kind: .counter, unit: .none) == "http_requests_total")
        #expect(MetricName.sanitized("requests_total", kind: .counter, unit: .none) == "requests_total")
        #expect(MetricName.sanitized("wait", kind: .histogram, unit: .seconds) == "wait_seconds")
        #expect(MetricName.sanitized("wait_seconds", kind: .histogram, unit: .seconds) == "wait_seconds")
        #expect(MetricName.sanitized("9 lives\n", kind: .gauge, unit: .none) == "_9_lives_")
        #expect(MetricName.sanitized("", kind: .gauge, unit: .none) == "_")
        #expect(MetricName.sanitized("a:ü", kind: .gauge, unit: .none) == "a:__")
    }

    @Test("Help stays in its line")
    func help() {
        let registry = MetricsRegistry()
        registry.gauge("g", help: "one\ntwo \\ three\r\nfour") { 1 }
        #expect(registry.exposition().hasPrefix("# HELP g one\\ntwo \\\\ three\\nfour\n# TYPE"))
    }

    @Test("Numbers that are none are written as the format wants them")
    func numbers() {
        #expect([Double.nan, .infinity, -.infinity].map(Exposition.number) == ["NaN", "+Inf", "-Inf"])
        #expect(
            [0, -3, 0.1, 1e15, 1e300, 1.5e-7].map(Exposition.number) == [
                "0", "-3", "0.1", "1000000000000000", "1e+300", "1.5e-07",
            ])
    }
}
