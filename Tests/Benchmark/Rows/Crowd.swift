// P7: as many clients as a process has descriptors for, each polling every 250 ms at its own moment, served by one core.

import NIOCore
import NIOPosix

struct Crowd: Row {
    let names = ["P7"]

    private static let clients = 16_000
    private static let applications = 100
    private static let interval = Duration.milliseconds(250)
    /// What answers have to stay below, in milliseconds.
    private static let bound = 50.0
    /// Shares of the polls that are tried in turn where all of them are too many for a core of this machine.
    private static let shares = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5]

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
        let served = try await Self.share(of: slowest, polling, seconds: bench.quick ? 2 : 3)
        try await polling.close()
        try await threads.shutdownGracefully()
        await cistern.stop()
        let asked = Double(Self.clients) / (Self.interval / .seconds(1))
        return Report(figures: [
            Figure(
                "P7", "16,000 clients poll every 250 ms, p99", unit: "ms", slowest, target: .atMost(Self.bound),
                note: "p50 \(Spread(middle).median.short) ms; \(Spread(rates).median.short) of \(asked.short) polls/s; "
                    + "from the moment a poll was due"),
            Figure(
                "P7", "as many clients as that a core serves so today", unit: "clients",
                [served * Double(Self.clients)],
                target: .none,
                note: "of \(Double(Self.clients).short) tried; fewer are the same connections, each polling less often"),
            Figure(
                "P7", "memory of the front per polling connection", unit: "KB",
                [(after - before) / Double(Self.clients) / 1_024], target: .none),
        ])
    }

    /// Which share of the polls is answered within the bound. The same work takes one core of a shared machine longer at some times than at
    /// others, and then says more than how late the answers are of a server that is asked for more than there is.
    private static func share(of slowest: [Double], _ polling: Polling, seconds: Double) async throws -> Double {
        if Spread(slowest).median <= bound { return 1 }
        for share in shares {
            let result = try await polling.run(every: interval / share, warmUp: 1, seconds: seconds)
            if Latencies(result.latencies).percentile(0.99) <= bound { return share }
        }
        return 0
    }
}
