import Metrics
import Telemetry
import Testing

@Suite("Reading metrics")
struct ReadingTests {
    @Test("All series of a name count together, or those with the wanted labels, and what does not exist is nothing")
    func series() {
        let registry = MetricsRegistry()
        for (status, count) in [("2xx", 5), ("5xx", 2)] {
            Counter(label: "http_requests", dimensions: [("route", "/a"), ("status", status)], factory: registry)
                .increment(by: count)
        }
        Counter(label: "http_requests", dimensions: [("route", "/ab"), ("status", "2xx")], factory: registry)
            .increment()
        #expect(registry.reading("http_requests_total")?.sum == 8)
        #expect(registry.reading("http_requests_total", [("route", "/a")])?.sum == 7)
        #expect(registry.reading("http_requests_total", [("status", "5xx"), ("route", "/a")])?.sum == 2)
        #expect(registry.reading("http_requests_total", [("route", "/")]) == nil)
        #expect(registry.reading("http_requests") == nil)
    }

    @Test("Of gauges the greatest is known, computed ones among them, and of histograms sum and number of values")
    func kinds() {
        let registry = MetricsRegistry()
        Gauge(label: "load", dimensions: [("loop", "0")], factory: registry).record(0.25)
        registry.gauge("load", [("loop", "1")]) { 0.5 }
        #expect(registry.reading("load") == MetricReading(sum: 0.75, count: 2, largest: 0.5))
        let timer = Timer(label: "lag", factory: registry)
        for seconds in [1, 3] { timer.recordNanoseconds(Int64(seconds) * 1_000_000_000) }
        #expect(registry.reading("lag_seconds") == MetricReading(sum: 4, count: 2, largest: 0))
    }
}
