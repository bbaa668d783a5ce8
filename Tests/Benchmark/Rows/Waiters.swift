// P10: what a client costs that only waits for the next version, and how long until the last of 5,000 has it. For each way to wait, servers
// of their own, so that none finds memory that another has left; Cistern and nchan by turns, on the same core.

import NIOCore
import NIOPosix

struct Waiters: Row {
    let names = ["P10"]

    static let clients = 5_000
    /// The most that a client may cost, in KB.
    private static let memory = 8.0

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        var report = Report()
        for (index, way) in Delivery.allCases.enumerated() {
            do {
                let measured = try await WaitingPair.measure(way, source: index, bench)
                report.figures += figures(way, measured)
            } catch let error where !(error is CancellationError) {
                report.figures.append(
                    Figure(
                        failed: "P10", "\(Self.clients.grouped) clients, \(way.rawValue)",
                        target: "≤ \(Self.memory.short) KB, ≤ 1 ×", note: "\(error)"))
            }
        }
        return report
    }

    private func figures(_ way: Delivery, _ measured: WaitingPair.Result) -> [Figure] {
        let bytes = "\(measured.bytes.ours.short) bytes to each, nchan \(measured.bytes.peers.short)"
        return [
            Figure(
                "P10", "memory per waiting client, \(way.rawValue)", peer: "nchan", unit: "KB", measured.memory,
                target: .atMost(Self.memory),
                note: "after all those versions \(measured.used.ours.short) KB, nchan \(measured.used.peers.short) KB"),
            Figure(
                "P10", "PUT → the last of \(Self.clients.grouped), \(way.rawValue)", peer: "nchan", unit: "ms",
                measured.last, target: .ratioAtMost(1),
                note: "through Redis and the merge daemon, nchan from its POST; \(bytes)"),
            Figure(
                "P10", "from the first to the last, \(way.rawValue)", peer: "nchan", unit: "ms", measured.spread,
                target: .none),
        ]
    }
}
