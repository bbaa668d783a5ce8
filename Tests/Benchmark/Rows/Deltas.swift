// P9: what pollers of a large state are sent when one member of it changes every second: those who take merge patches beside those who
// do not, of the same state at the same time.

import NIOCore

struct Deltas: Row {
    let names = ["P9"]

    private static let application = "large"
    private static let stateBytes = 100_000
    /// Pollers of each kind.
    private static let pollers = 10
    private static let interval = Duration.milliseconds(250)
    /// The most that a delta poller may be sent, as a part of a full state per poll.
    private static let part = 1.0 / 200

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let cistern = try await Cistern.start("deltas", cores: bench.serverCores, in: bench)
        do {
            let report = try await measure(cistern, seconds: bench.quick ? 4 : 15)
            await cistern.stop()
            return report
        } catch {
            await cistern.stop()
            throw error
        }
    }

    private func measure(_ cistern: Cistern, seconds: Int) async throws -> Report {
        _ = try await cistern.client.found(Self.application, state: Board.state(bytes: Self.stateBytes))
        var pollers: [DeltaPoller.Kind: [DeltaPoller]] = [:]
        for kind in DeltaPoller.Kind.allCases {
            for _ in 0..<Self.pollers {
                pollers[kind, default: []].append(
                    try await DeltaPoller(kind, of: Self.application, port: cistern.port))
            }
        }
        async let changed: Void = change(cistern, seconds)
        let counts = try await run(pollers, polls: seconds * 4)
        try await changed
        let end = try await cistern.client.get(Request.state(of: Self.application) + "?fresh=1")
        guard end.status == 200, end.text.contains(#""votes":\#(Self.votes(seconds - 1))"#) else {
            throw Wrong("After \(seconds) changes the state is answered \(end.status), without the last.")
        }
        for some in pollers.values { for poller in some { try await poller.finish(end) } }
        return Report(figures: figures(counts))
    }

    /// One member a second, in the middle of it.
    private func change(_ cistern: Cistern, _ seconds: Int) async throws {
        let start = ContinuousClock.now + .milliseconds(600)
        for number in 0..<seconds {
            try await Task.sleep(until: start + .seconds(1) * number)
            try await cistern.client.push(
                #"{"card\#((number * 37).digits(6))":{"votes":\#(Self.votes(number))}}"#, id: "change-\(number)",
                to: Self.application)
        }
    }

    /// Other than any that a board has.
    private static func votes(_ number: Int) -> Int { 1_000 + number }

    /// Each begins at its own moment of the interval; one of each kind together.
    private func run(
        _ pollers: [DeltaPoller.Kind: [DeltaPoller]], polls: Int
    ) async throws -> [DeltaPoller.Kind: [DeltaPoller.Count]] {
        let start = ContinuousClock.now + .milliseconds(100)
        return try await withThrowingTaskGroup { tasks in
            for (kind, some) in pollers {
                for (index, poller) in some.enumerated() {
                    tasks.addTask {
                        let first = start + Self.interval * index / Self.pollers
                        return (kind, try await poller.run(from: first, every: Self.interval, polls: polls))
                    }
                }
            }
            return try await tasks.reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
        }
    }

    private func figures(_ counts: [DeltaPoller.Kind: [DeltaPoller.Count]]) -> [Figure] {
        func compared(with kind: DeltaPoller.Kind) -> Comparison {
            var comparison = Comparison()
            for (mine, other) in zip(counts[.delta] ?? [], counts[kind] ?? []) {
                comparison.add(ours: mine.bytesPerPoll, peers: other.bytesPerPoll)
            }
            return comparison
        }
        func statuses(_ kind: DeltaPoller.Kind) -> String {
            let all = (counts[kind] ?? []).reduce(into: [:]) { $0.merge($1.statuses, uniquingKeysWith: +) }
            return all.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
        }
        let full = compared(with: .full)
        let conditional = compared(with: .conditional)
        return [
            Figure(
                "P9", "poll with deltas, 100 KB, a change per s", peer: "full polls", unit: "bytes", full,
                target: .ratioAtMost(Self.part),
                note: "1/\((1 / full.ratio.median).short), heads and 304s counted; \(statuses(.delta))"),
            Figure(
                "P9", "the same pollers", peer: "polls with ETag", unit: "bytes", conditional, target: .none,
                note: "1/\((1 / conditional.ratio.median).short); the others had \(statuses(.conditional))"),
        ]
    }
}
