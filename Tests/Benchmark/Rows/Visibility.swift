// P6: how long from the answer to a push until a poller has it, at 1,000 changes a second over 100 applications. The servers have all
// cores but the load's one: what counts here is waiting, not work. And the same for one quiet application, from sending the push.

import NIOCore
import NIOPosix

struct Visibility: Row {
    let names = ["P6", "IDLE"]

    private static let applications = 100
    private static let rate = 1_000.0
    private static let percentiles = [10, 25, 50, 75, 90, 95, 99, 99.9]

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        try await bench.apart { cores in
            try await measure(bench, only: only, cores)
        }
    }

    private func measure(_ bench: Bench, only: Set<String>, _ cores: Cores) async throws -> Report {
        var report = Report()
        for fsync in [Fsync.everysec, .always] {
            var settings = Cistern.Settings()
            settings.fsync = fsync
            let cistern = try await Cistern.start("visible-\(fsync)", cores: cores, settings, in: bench)
            if only.contains("P6") { report = report + (try await busy(cistern, fsync, bench)) }
            if only.contains("IDLE"), fsync == .always { report.figures.append(try await idle(cistern, bench)) }
            await cistern.stop()
        }
        return report
    }

    private func busy(_ cistern: Cistern, _ fsync: Fsync, _ bench: Bench) async throws -> Report {
        let watching = try await Watching.open(
            (0..<Self.applications).map { "visible-\($0)" }, cistern, state: CountedState(),
            on: MultiThreadedEventLoopGroup.singleton.next())
        var medians: [Double] = []
        var slowest: [Double] = []
        var answers: [Double] = []
        var all: [UInt32] = []
        for _ in 0..<(bench.quick ? 2 : 5) {
            let result = try await watching.run(rate: Self.rate, warmUp: 0.5, seconds: bench.quick ? 2 : 4)
            let latencies = Latencies(result.latencies)
            all += result.latencies
            medians.append(latencies.percentile(0.5))
            slowest.append(latencies.percentile(0.99))
            answers.append(Latencies(result.answers).percentile(0.99))
        }
        try await watching.close()
        let work = "1,000 changes/s, \(fsync)"
        let figures = [
            Figure("P6", "answered → visible, p50, \(work)", unit: "ms", medians, target: .atMost(3)),
            Figure("P6", "answered → visible, p99, \(work)", unit: "ms", slowest, target: .atMost(15)),
            Figure(
                "P6", "push → answered, p99, \(work)", unit: "ms", answers, target: .none,
                note: "from the moment the push was due"),
        ]
        let distribution = Latencies(all)
        let curve = Curve(
            .distribution, "appendfsync \(fsync)",
            Self.percentiles.map { ($0, distribution.percentile($0 / 100)) })
        return Report(figures: figures, curves: [curve])
    }

    /// Pushes to an application that has been quiet for a while, one at a time.
    private func idle(_ cistern: Cistern, _ bench: Bench) async throws -> Figure {
        let state = CountedState()
        let poller = Client(port: cistern.port)
        var known = try await cistern.client.found("quiet", state: state.text(0)).etag
        var samples: [UInt32] = []
        for number in 1...(bench.quick ? 20 : 100) {
            try await Task.sleep(for: .milliseconds(bench.quick ? 150 : 300))
            let start = NIODeadline.now().uptimeNanoseconds
            async let pushed: Void = cistern.client.push(CountedState.patch(number), id: "q\(number)", to: "quiet")
            while true {
                let answer = try await poller.get(Request.state(of: "quiet"), ifNoneMatch: known)
                if answer.status == 304 { continue }
                guard answer.status == 200, state.number(in: answer.body) == number else {
                    throw Wrong("A quiet application is answered \(answer.status): \(answer.text.prefix(200))")
                }
                samples.append(microseconds(since: start, until: NIODeadline.now().uptimeNanoseconds))
                known = answer.etag
                break
            }
            try await pushed
        }
        await poller.close()
        let latencies = Latencies(samples)
        return Figure(
            "IDLE", "push to a quiet application → poll, p99, always", unit: "ms", [latencies.percentile(0.99)],
            target: .atMost(20), note: "p50 \(latencies.percentile(0.5).short) ms, from sending the push")
    }
}
