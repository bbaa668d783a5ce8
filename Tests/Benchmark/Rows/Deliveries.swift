// P14: webhooks sent to a receiver on this machine as fast as one core sends them, courier, Redis and all; against the same bytes posted by
// the same HTTP client, which has them at hand, keeps nothing and signs nothing. Every webhook has to have each event once.

import Foundation
import NIOCore

struct Deliveries: Row {
    let names = ["P14"]

    /// Each event goes to all of them, to each eight at a time.
    private static let hooks = 16
    private static let applications = 16
    /// A courier's share for each endpoint.
    private static let deliveriesPerEndpoint = 8

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        var settings = Cistern.Settings()
        settings.sendsWebhooks = true
        let cistern = try await Cistern.start("deliveries", cores: bench.serverCores, settings, in: bench)
        let receiver = try await HookReceiver.start()
        for hook in 0..<Self.hooks {
            try await cistern.client.hook("w\(hook)", at: receiver.url("/w\(hook)"), types: #""change.rejected""#)
        }
        let events = bench.quick ? 6 : 30
        let memoryBefore = try cistern.redis.info("memory", "used_memory")
        var round = 0
        var body = ""
        var (scripts, times): ([Double], [Double]) = ([], [])
        let comparison = try await bench.alternate {
            round += 1
            let before = (try cistern.redis.scripts, try await Self.seconds(cistern))
            let arrivals = try await deliver(events, round: round, cistern, receiver)
            scripts.append((try cistern.redis.scripts - before.0) / Double(arrivals.count))
            times.append((try await Self.seconds(cistern) - before.1) * 1e6 / Double(arrivals.count))
            body = arrivals.first.map { String(buffer: $0.body) } ?? ""
            return Self.rate(arrivals)
        } _: {
            let file = try bench.place(Array(body.utf8), as: "webhook.json")
            let count = events * Self.applications * Self.hooks
            _ = try await Tool.run(
                [
                    "env", "NIO_SINGLETON_GROUP_LOOP_COUNT=\(bench.serverCores.count)", bench.ourselves, "post",
                    receiver.url("/w"), "\(Self.hooks)", "\(count)", "\(Self.hooks * Self.deliveriesPerEndpoint)", file,
                ], cores: bench.serverCores)
            return Self.rate(try await receiver.take(count))
        }
        let sent = Double(round * events * Self.applications * Self.hooks)
        let memory = (try cistern.redis.info("memory", "used_memory") - memoryBefore) / sent
        try await receiver.stop()
        await cistern.stop()
        return Report(figures: [
            Figure(
                "P14", "webhooks delivered, \(Self.hooks) endpoints", peer: "bare posts", unit: "deliveries/s",
                comparison, target: .none,
                note:
                    "\(body.utf8.count) bytes each; the peer posts them with the same HTTP client and no queue; for each "
                    + "\(Spread(scripts).median.short) scripts of Redis from the push on, \(Spread(times).median.short) µs "
                    + "of the courier, \(memory.short) bytes of Redis for 16 days")
        ])
    }

    private func deliver(
        _ events: Int, round: Int, _ cistern: Cistern, _ receiver: HookReceiver
    ) async throws -> [HookArrival] {
        for application in 0..<Self.applications {
            let ids = (0..<events).map { "r\(round)-\($0)" }
            try await cistern.client.reject(ids, in: "board\(application)")
        }
        let arrivals = try await receiver.take(events * Self.applications * Self.hooks)
        let seen = Set(arrivals.map { "\($0.path) \($0.body.quoted(after: #""app":""#) ?? "") \($0.subject ?? "")" })
        guard seen.count == arrivals.count else {
            throw Wrong("\(arrivals.count - seen.count) of \(arrivals.count) webhooks came more than once.")
        }
        return arrivals
    }

    /// Processor time of the courier.
    private static func seconds(_ cistern: Cistern) async throws -> Double {
        try await cistern.courierClient.metric("process_cpu_seconds_total")
    }

    private static func rate(_ arrivals: [HookArrival]) -> Double {
        guard let first = arrivals.first, let last = arrivals.last, last.time > first.time else { return .nan }
        return Double(arrivals.count - 1) * 1e9 / Double(last.time - first.time)
    }
}
