// P7: as many clients as a process has descriptors for, each polling every 250 ms at its own moment, served by one core.

import NIOCore
import NIOPosix

struct Crowd: Row {
    let names = ["P7"]

    private static let clients = 16_000
    private static let applications = 100
    private static let interval = Duration.milliseconds(250)

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        var settings = Cistern.Settings()
        settings.front = ["--max-connections", "\(Self.clients + 100)"]
        let cistern = try await Cistern.start("crowd", cores: bench.serverCores, settings, in: bench)
        let state = CountedState()
        let names = (0..<Self.applications).map { "crowd-\($0)" }
        for name in names { _ = try await cistern.client.found(name, state: state.text(0)) }

        let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(2, bench.loadCores.count))
        let before = try await cistern.client.metric("process_resident_memory_bytes")
        let polling = try await Polling.open(
            Self.clients, port: cistern.port, applications: names, state: state, threads: threads)
        var slowest: [Double] = []
        var middle: [Double] = []
        var rates: [Double] = []
        for _ in 0..<(bench.quick ? 1 : 3) {
            let result = try await polling.run(every: Self.interval, warmUp: 1, seconds: bench.quick ? 3 : 5)
            let latencies = Latencies(result.latencies)
            slowest.append(latencies.percentile(0.99))
            middle.append(latencies.percentile(0.5))
            rates.append(result.perSecond)
            // The next round would begin with what this one left.
            if result.unanswered > 0 { break }
        }
        let after = try await cistern.client.metric("process_resident_memory_bytes")
        try await polling.close()
        try await threads.shutdownGracefully()
        await cistern.stop()
        let asked = Double(Self.clients) / (Self.interval / .seconds(1))
        return Report(figures: [
            Figure(
                "P7", "16,000 clients poll every 250 ms, p99", unit: "ms", slowest, target: .atMost(50),
                note: "p50 \(Spread(middle).median.short) ms; \(Spread(rates).median.short) of \(asked.short) polls/s; "
                    + "from the moment a poll was due"),
            Figure(
                "P7", "memory of the front per polling connection", unit: "KB",
                [(after - before) / Double(Self.clients) / 1_024], target: .none),
        ])
    }
}
