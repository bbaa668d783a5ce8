// P12: a hundred quiet clients, each at an address of its own, beside one that polls and pushes as fast as it can on many connections, far
// beyond what a client may. The quiet ones must not wait longer for it; what they would wait for it without limits is told.

import NIOCore
import NIOPosix

struct Noise: Row {
    let names = ["P12"]

    private static let clients = 100
    private static let interval = Duration.milliseconds(250)
    /// What one client may: twice what the quiet ones send.
    private static let limits = ["--client-polls", "16/s:32", "--client-pushes", "16/s:32"]
    /// How much longer the quiet ones may wait, at p99.
    private static let bound = 1.5

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let limited = try await compare(Self.limits, bench)
        let unlimited = try await compare([], bench)
        return Report(figures: [
            Figure(
                "P12", "100 quiet clients beside a noisy one, p99", peer: "without it", unit: "ms", limited.comparison,
                target: .ratioAtMost(Self.bound),
                note: "\(limited.refused.grouped) of its \(limited.requests.grouped) requests refused"),
            Figure(
                "P12", "the same without limits", peer: "without it", unit: "ms", unlimited.comparison, target: .none,
                note: "\(unlimited.requests.grouped) requests"),
        ])
    }

    private struct Outcome {
        var comparison = Comparison()
        var requests = 0
        var refused = 0
    }

    private func compare(_ limits: [String], _ bench: Bench) async throws -> Outcome {
        var settings = Cistern.Settings()
        settings.front = limits
        let name = limits.isEmpty ? "noise-unlimited" : "noise"
        let cistern = try await Cistern.start(name, cores: bench.serverCores, settings, in: bench)
        let state = CountedState()
        _ = try await cistern.client.found("board", state: state.text(0))
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: min(2, bench.loadCores.count))
        let polling = try await Polling.open(
            Self.clients, port: cistern.port, applications: ["board"], state: state, connectionsPerAddress: 1,
            threads: threads)
        let noisy = try NoisyClient(cistern, bench)

        var outcome = Outcome()
        _ = try await p99(polling, bench)
        for _ in 0..<bench.rounds {
            async let noise = noisy.run(seconds: Self.seconds(bench) + 1)
            let loud = try await p99(polling, bench)
            let (requests, refused) = try await noise
            outcome.comparison.add(ours: loud, peers: try await p99(polling, bench))
            outcome.requests += requests
            outcome.refused += refused
        }
        guard limits.isEmpty || outcome.refused > 0 else {
            throw Wrong("None of \(outcome.requests) requests was refused with \(limits).")
        }
        try await polling.close()
        try await threads.shutdownGracefully()
        await cistern.stop()
        return outcome
    }

    private static func seconds(_ bench: Bench) -> Int { bench.quick ? 2 : 4 }

    private func p99(_ polling: Polling, _ bench: Bench) async throws -> Double {
        let result = try await polling.run(
            every: Self.interval, warmUp: 0.5, seconds: Double(Self.seconds(bench)))
        guard result.unanswered == 0 else { throw Wrong("\(result.unanswered) quiet polls have no answer.") }
        return Latencies(result.latencies).percentile(0.99)
    }
}

/// Polls on as many connections as it pushes on, without a pause.
private struct NoisyClient: Sendable {
    private let url: String
    private let polls: Wrk
    private let pushes: PushScript
    private let names = ["noise"]

    init(_ cistern: Cistern, _ bench: Bench) throws {
        // On one core, so that the quiet ones have theirs.
        let cores = Cores(bench.loadCores.numbers.suffix(1))
        url = cistern.url + Request.state(of: "board")
        polls = Wrk(
            cores: cores, script: try bench.place(PackageResources.poll_lua, as: "poll.lua"),
            connections: Bench.connections, mayBeRefused: true)
        pushes = .cistern(
            cistern,
            Wrk(
                cores: cores, script: try bench.place(PackageResources.push_lua, as: "push.lua"),
                connections: Bench.connections, mayBeRefused: true))
    }

    func run(seconds: Int) async throws -> (requests: Int, refused: Int) {
        async let polled = polls.run(url, seconds: seconds)
        let pushed = try await pushes.run(names, tag: "t\(UInt32.random(in: 0...UInt32.max))", seconds: seconds)
        let both = [try await polled, pushed]
        return (both.map(\.requests).reduce(0, +), both.map(\.errors).reduce(0, +))
    }
}
