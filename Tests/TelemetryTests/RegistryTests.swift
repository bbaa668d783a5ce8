import Metrics
import Testing

@testable import Telemetry

@Suite("The registry")
struct RegistryTests {
    private func value(_ line: String, in registry: MetricsRegistry) -> String? {
        registry.exposition().split(separator: "\n").first { $0.hasPrefix(line + " ") }
            .map { String($0.dropFirst(line.count + 1)) }
    }

    @Test("Nothing that many tasks count at once is lost")
    func concurrency() async {
        let registry = MetricsRegistry()
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<10_000 {
                        // A look-up each time: whoever comes first makes the instrument, the others find it.
                        Counter(label: "steps", dimensions: [("kind", "\(step % 3)")], factory: registry).increment()
                        FloatingPointCounter(label: "parts", factory: registry).increment(by: 0.5)
                        Timer(label: "time", factory: registry).recordNanoseconds(Int64(task + 1) * 1_000_000_000)
                        Meter(label: "level", factory: registry).increment(by: task % 2 == 0 ? 1 : -1)
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 { _ = registry.exposition() }
            }
        }
        let perKind = (0..<3).compactMap { value("steps_total{kind=\"\($0)\"}", in: registry).flatMap { Int($0) } }
        #expect(perKind == [26_672, 26_664, 26_664])
        #expect(value("parts_total", in: registry) == "40000")
        #expect(value("time_seconds_count", in: registry) == "80000")
        #expect(value("time_seconds_sum", in: registry) == "360000")
        #expect(value("time_seconds_bucket{le=\"2.5\"}", in: registry) == "20000")
        #expect(value("level", in: registry) == "0")
    }

    @Test("Beyond the limit of series everything is counted together")
    func limit() {
        let registry = MetricsRegistry(seriesLimit: 10)
        for index in 0..<1000 {
            Counter(label: "c", dimensions: [("app", "a\(index)")], factory: registry).increment()
        }
        Counter(label: "c", dimensions: [("app", "a3")], factory: registry).increment()
        for index in 0..<30 { registry.gauge("g", [("app", "a\(index)")]) { Double(index) } }
        let lines = registry.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.filter { $0.hasPrefix("c_total{app=") }.count == 10)
        #expect(lines.contains("c_total{app=\"a3\"} 2"))
        #expect(lines.contains("c_total{overflow=\"true\"} 990"))
        #expect(lines.filter { $0.hasPrefix("g{") }.count == 11)
        #expect(lines.count == 22)
    }

    @Test("Two kinds under one name are kept apart")
    func kinds() {
        let registry = MetricsRegistry()
        Counter(label: "x_total", factory: registry).increment(by: 2)
        Gauge(label: "x_total", factory: registry).record(5)
        Recorder(label: "x_total", factory: registry).record(1)
        Gauge(label: "x_total", factory: registry).record(6)
        #expect(value("x_total", in: registry) == "2")
        #expect(value("x_total_gauge", in: registry) == "6")
        #expect(value("x_total_histogram_count", in: registry) == "1")
    }

    @Test("A counter never goes down, and what is no number is not counted")
    func oddValues() {
        let registry = MetricsRegistry()
        Counter(label: "c", factory: registry).increment(by: -5)
        FloatingPointCounter(label: "f", factory: registry).increment(by: Double.nan)
        Recorder(label: "r", factory: registry).record(Double.infinity)
        Timer(label: "t", factory: registry).recordNanoseconds(-5)
        #expect(value("c_total", in: registry) == "0")
        #expect(value("f_total", in: registry) == "0")
        #expect(value("r_count", in: registry) == "0")
        #expect(value("t_seconds_count", in: registry) == "1")
        #expect(value("t_seconds_sum", in: registry) == "0")
    }

    @Test("A computed gauge may use metrics itself, and a second one replaces the first")
    func computed() {
        let registry = MetricsRegistry()
        registry.gauge("g") { 1 }
        registry.gauge("g") {
            Counter(label: "scrapes", factory: registry).increment()
            return 2
        }
        #expect(value("g", in: registry) == "2")
        #expect(value("scrapes_total", in: registry) == "2", "each scrape asks once, and this is the second")
    }

    @Test("The process is described as Prometheus clients do")
    func process() throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        func number(_ name: String) throws -> Double { try #require(value(name, in: registry).flatMap { Double($0) }) }
        let resident = try number("process_resident_memory_bytes")
        #expect(resident > 1e6 && resident < 1e11)
        #expect(try number("process_virtual_memory_bytes") >= resident)
        #expect(try number("process_cpu_seconds_total") >= 0)
        #expect(try number("process_start_time_seconds") > 1_600_000_000)
        #expect(try number("process_open_fds") >= 3)
        #expect(try number("process_max_fds") > 3)
    }

    @Test("A program's name in brackets does not disturb the reading of its status")
    func status() throws {
        let text = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 4 0 12345 1048576 256 18446744073709551615 1"
        let status = try #require(ProcessStatus(stat: text, ticksPerSecond: 100, pageBytes: 4096))
        #expect(status.cpuSeconds == 2 && status.startedAfterBoot == 123.45)
        #expect(status.virtualBytes == 1_048_576 && status.residentBytes == 1_048_576)
        #expect(ProcessStatus(stat: "42 (x) S 1", ticksPerSecond: 100, pageBytes: 4096) == nil)
        #expect(ProcessStatus(stat: "", ticksPerSecond: 100, pageBytes: 4096) == nil)
    }
}
