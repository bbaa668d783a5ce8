// P8: what pollers cost. 100 applications get a change a second each; their pollers grow from 100 to 10,000. Redis and memcached must not
// notice: what a version costs them is paid once per front, however many ask for it.

import NIOCore
import NIOPosix

struct Cost: Row {
    let names = ["P8"]

    private static let applications = 100
    private static let pollers = [100, 1_000, 10_000]
    /// A second, over all applications.
    private static let changes = 100.0
    private static let interval = Duration.milliseconds(250)
    /// What counts as flat.
    private static let flat = 1.2

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        try await bench.apart { cores in try await measure(bench, cores) }
    }

    private func measure(_ bench: Bench, _ cores: Cores) async throws -> Report {
        var settings = Cistern.Settings()
        settings.front = ["--max-connections", "12000"]
        let cistern = try await Cistern.start("cost", cores: cores, settings, in: bench)
        let state = CountedState()
        let names = (0..<Self.applications).map { "cost-\($0)" }
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(2, bench.loadCores.count))
        let watching = try await Watching.open(names, cistern, state: state, on: threads.next())
        var samples: [CostSample] = []
        for pollers in Self.pollers {
            let polling = try await Polling.open(
                pollers, port: cistern.port, applications: names, state: state, threads: threads)
            samples.append(try await sample(pollers, cistern, watching, polling, bench))
            try await polling.close()
        }
        try await watching.close()
        try await threads.shutdownGracefully()
        await cistern.stop()
        return Report(figures: figures(samples), curves: curves(samples))
    }

    private func sample(
        _ pollers: Int, _ cistern: Cistern, _ watching: Watching, _ polling: Polling, _ bench: Bench
    ) async throws -> CostSample {
        let seconds = bench.quick ? 2.0 : 5.0
        let warmUp = 1.0
        async let watched = watching.run(rate: Self.changes, warmUp: warmUp, seconds: seconds)
        async let polled = polling.run(every: Self.interval, warmUp: warmUp, seconds: seconds)
        try await Task.sleep(for: .seconds(warmUp))
        let before = try await Counters(cistern)
        try await Task.sleep(for: .seconds(seconds - 0.2))
        let after = try await Counters(cistern)
        let (visible, polls) = try await (watched, polled)
        guard polls.unanswered == 0 else { throw Wrong("\(polls.unanswered) of \(pollers) clients have no answer.") }
        return CostSample(
            pollers: pollers, before: before, after: after, visible: Latencies(visible.latencies), polls: polls)
    }

    private func curves(_ samples: [CostSample]) -> [Curve] {
        guard let few = samples.first else { return [] }
        func cost(_ name: String, _ value: (CostSample) -> Double) -> Curve {
            Curve(.cost, name, samples.map { (Double($0.pollers), value($0) / value(few)) })
        }
        let latencies = CostSample.percentiles.enumerated().map { index, percentile in
            Curve(.latency, "p\((percentile * 100).short)", samples.map { (Double($0.pollers), $0.visible[index]) })
        }
        return latencies + [
            cost("Redis", \.redis), cost("memcached", \.memcached), cost("processor", \.processor),
            cost("polls", \.polls),
        ]
    }

    private func figures(_ samples: [CostSample]) -> [Figure] {
        guard let few = samples.first, let many = samples.last else { return [] }
        func flat(_ work: String, _ value: (CostSample) -> Double, target: Figure.Target) -> Figure {
            var comparison = Comparison()
            comparison.add(ours: value(many), peers: value(few))
            return Figure(
                "P8", work, peer: "with \(few.pollers) pollers", unit: "per s", comparison, target: target,
                note: samples.map { "\($0.pollers.grouped) pollers: \(value($0).short)" }.joined(separator: ", "))
        }
        return [
            flat("Redis commands, 10,000 pollers", \.redis, target: .ratioAtMost(Self.flat)),
            flat("memcached gets, 10,000 pollers", \.memcached, target: .ratioAtMost(Self.flat)),
            flat("processor seconds of the front, 10,000 pollers", \.processor, target: .none),
        ]
    }
}

/// What was counted while so many polled.
struct CostSample: Sendable {
    let pollers: Int
    /// All a second.
    let redis: Double
    let memcached: Double
    let processor: Double
    let polls: Double
    /// Milliseconds.
    let visible: [Double]

    static let percentiles = [0.5, 0.9, 0.99]

    fileprivate init(pollers: Int, before: Counters, after: Counters, visible: Latencies, polls: Polling.Result) {
        self.pollers = pollers
        let seconds = (after.time - before.time) / .seconds(1)
        // Less the question itself.
        redis = (after.redis - before.redis - 1) / seconds
        memcached = (after.memcached - before.memcached) / seconds
        processor = (after.processor - before.processor) / seconds
        self.polls = polls.perSecond
        self.visible = Self.percentiles.map(visible.percentile)
    }
}

private struct Counters {
    let time = ContinuousClock.now
    let redis: Double
    let memcached: Double
    let processor: Double

    init(_ cistern: Cistern) async throws {
        redis = try cistern.redis.info("stats", "total_commands_processed")
        memcached = try await cistern.memcached.stat("cmd_get")
        processor = try await cistern.client.metric("process_cpu_seconds_total")
    }
}
