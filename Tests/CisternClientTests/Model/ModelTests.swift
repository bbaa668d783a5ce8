// Whatever the network and the servers do: nothing is lost, nothing is there twice, and the order is kept.

import Documents
import Testing

@testable import CisternClient

@Suite("The rules against a model server, with chance between them")
struct ModelTests {
    /// Runs of chance for each way; each is 300 events, and what comes of them.
    private static let runs: UInt64 = 6

    @Test("Every change is folded in once and in order, and its caller is told once", arguments: Way.allCases)
    func noLosses(_ way: Way) async throws {
        for seed in 0..<Self.runs {
            // Other tests have times to keep.
            await Task.yield()
            var run = ModelRun(seed: seed, ways: way == .socket ? Way.allCases : [way, .short], losesTails: false)
            for _ in 0..<300 { run.step(pushing: true) }
            run.calmDown()
            let seen = Self.seen(run)
            let good = (1...max(run.count, 1)).filter { ModelRun.kind($0) == 0 && $0 <= run.count }
            try #require(
                seen == good,
                "seed \(seed): missing \(Set(good).subtracting(seen)), wrong \(seen.count - Set(seen).count)")
            try #require(run.client.queue.items.isEmpty, "seed \(seed)")
            for (key, outcomes) in run.told { try check(key, outcomes, seed) }
        }
    }

    /// A change may be told a second time by a client that began anew before its storage knew of the first.
    private func check(_ key: String, _ outcomes: [ToldOutcome], _ seed: UInt64) throws {
        let number = Int(key) ?? 0
        try #require(outcomes.count == 1, "seed \(seed): \(key) was told \(outcomes)")
        switch (outcomes[0], ModelRun.kind(number)) {
        case (.applied, 0), (.unknown, 0), (.rejected, 1), (.unknown, 1), (.refused, 2): break
        case (.applied, _), (.unknown, _), (.rejected, _), (.refused, _):
            Issue.record("seed \(seed): \(key) was told \(outcomes[0])")
        }
    }

    @Test("When the store loses the end of its log, only what was confirmed before is lost", arguments: Way.allCases)
    func lostTails(_ way: Way) async throws {
        for seed in 0..<Self.runs {
            // Other tests have times to keep.
            await Task.yield()
            var run = ModelRun(seed: seed, ways: way == .socket ? Way.allCases : [way, .short], losesTails: true)
            for _ in 0..<300 { run.step(pushing: true) }
            run.calmDown()
            let seen = Self.seen(run)
            try #require(seen == seen.sorted() && Set(seen).count == seen.count, "seed \(seed): \(seen)")
            let good = (1...max(run.count, 1)).filter { ModelRun.kind($0) == 0 && $0 <= run.count }
            let missing = Set(good).subtracting(seen)
            try #require(
                missing.isSubset(of: run.lost),
                "seed \(seed): \(missing.subtracting(run.lost).sorted()) of \(run.count)")
            try #require(run.client.queue.items.isEmpty, "seed \(seed)")
        }
    }

    /// The numbers in the final state.
    private static func seen(_ run: ModelRun) -> [Int] {
        (run.server.value["seen"] ?? .array([])).elements.compactMap(\.integerValue)
    }
}
