import Documents
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

@Suite("Lanes and routes answer alike", .timeLimit(.minutes(20)))
struct DifferentialTests {
    /// What the workers have found, from several threads.
    private final class Tally: Sendable {
        struct Counts {
            var cases = 0
            var requests = 0
            var differences: [String] = []
        }
        let counts = Mutex(Counts())

        /// - Returns: whether the two were alike.
        func note(_ wire: WireCase, _ outcomes: (withLanes: WireCase.Outcome, without: WireCase.Outcome)) -> Bool {
            counts.withLock { counts in
                counts.cases += 1
                counts.requests += outcomes.without.answers.count
                if outcomes.withLanes == outcomes.without, outcomes.without.hasEnded { return true }
                counts.differences.append(DifferentialTests.describe(wire, outcomes))
                return false
            }
        }

        func failed(_ error: any Error) { counts.withLock { $0.differences.append("\(error)") } }
    }

    private static func describe(
        _ wire: WireCase, _ outcomes: (withLanes: WireCase.Outcome, without: WireCase.Outcome)
    ) -> String {
        let same = zip(outcomes.withLanes.answers, outcomes.without.answers).prefix { $0 == $1 }.count
        func text(_ outcome: WireCase.Outcome) -> String {
            let answers = outcome.answers.dropFirst(same).map { "\($0)" }.joined(separator: "\n--\n")
            return
                "usable: \(outcome.isUsable), ended: \(outcome.hasEnded), \(outcome.answers.count) answers, \(same) alike\n\(answers)"
        }
        return """
            ==== sent, cut at \(wire.cuts), \(wire.isFinished ? "then finished" : "then a probe")
            \(WireRequest.text(wire.bytes))
            ==== with lanes: \(text(outcomes.withLanes))
            ==== without: \(text(outcomes.without))
            """
    }

    private static let workers = 16
    private static let casesPerWorker = 500
    private static let seed: UInt64 = 20_240_917

    @Test(
        "Thousands of requests, well-formed and damaged, whole and in pieces, get the same answers and leave the same behind"
    )
    func generated() async throws {
        try await withCistern { system in
            let stable = try await system.makeStableApplications()
            let owns = (0..<Self.workers).map { "lanes-\u{1}-\($0)" }
            for own in owns {
                for side in [WireRequest.oneSide, WireRequest.otherSide] {
                    let name = own.replacing("\u{1}", with: side)
                    #expect(try await system.outcome("{\"first\":1}", id: "first", to: name) == "applied")
                }
            }
            try await system.withLanePairs(keeping: stable) { pairs in
                // From here on nothing is merged, so that what a repeat is told does not depend on when it comes.
                system.merger.pause()
                let tally = Tally()
                let start = ContinuousClock.now
                await withTaskGroup(of: Void.self) { group in
                    for (number, own) in owns.enumerated() {
                        group.addTask { await Self.work(number, own, stable, pairs[number % pairs.count], tally) }
                    }
                }
                let counts = tally.counts.withLock { $0 }
                #expect(counts.differences.isEmpty, "\(counts.differences.prefix(5).joined(separator: "\n\n"))")

                var lanes = 0
                for pair in pairs {
                    // Counts of lanes reach the metrics within a second.
                    try await eventually("the lanes' counts have arrived") {
                        try await system.metric("http_express_requests_total", at: pair.withLanes) > counts.requests
                            / 8
                    }
                    lanes += try await system.metric("http_express_requests_total", at: pair.withLanes)
                    #expect(try await system.metric("http_express_requests_total", at: pair.without) == 0)
                }
                print(
                    "\(counts.cases) cases with \(counts.requests) answers in \(ContinuousClock.now - start);",
                    "lanes answered \(lanes); \(counts.differences.count) differ")
                #expect(lanes > counts.requests / 3)
                try await sameLogs(system, owns)
            }
        }
    }

    /// A thread of its own for each worker: its calls block.
    private static func work(
        _ number: Int, _ own: String, _ stable: [StableApplication], _ pair: LanePair, _ tally: Tally
    ) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                var generator = RequestGenerator(seed: seed &+ UInt64(number), stable: stable, own: own)
                do {
                    for _ in 0..<casesPerWorker {
                        let next = generator.next()
                        let wire = WireCase(bytes: next.bytes, cuts: next.cuts, isFinished: next.isFinished)
                        // A difference leaves the logs apart, and all that follows would differ for it.
                        guard tally.note(wire, try wire.outcomes(pair)) else { break }
                    }
                } catch {
                    tally.failed(error)
                }
                continuation.resume()
            }
            thread.start()
        }
    }

    /// Both servers have put the same changes into their applications' logs, in the same order.
    private func sameLogs(_ system: TestCistern, _ owns: [String]) async throws {
        for own in owns {
            var logs: [[String]] = []
            for side in [WireRequest.oneSide, WireRequest.otherSide] {
                let path = "/v1/apps/\(own.replacing("\u{1}", with: side))/changes?limit=1000"
                let changes = try #require(try await system.get(path).member("changes"))
                // The first one may be trimmed already.
                logs.append(changes.elements.map { $0["id"]?.stringValue ?? "?" }.filter { $0 != "first" })
            }
            #expect(logs[0] == logs[1])
            #expect(logs[0].count > 20)
        }
    }
}
