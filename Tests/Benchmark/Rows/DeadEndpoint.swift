// P15: a hundred webhooks, one of which leads nowhere: to whom nobody answers, or where nobody listens. How long the others wait from the
// push of what is told until they have it must not feel that.

import NIOCore

struct DeadEndpoint: Row {
    let names = ["P15"]

    private static let hooks = 100
    /// Events a second, each of which goes to all.
    private static let rate = 5.0
    private static let applications = 10
    /// How much longer the others may wait, at p99.
    private static let bound = 1.5
    /// The one that is exchanged.
    private static let last = "w99"

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        try await bench.apart { cores in try await measure(bench, cores) }
    }

    private func measure(_ bench: Bench, _ cores: Cores) async throws -> Report {
        var settings = Cistern.Settings()
        settings.sendsWebhooks = true
        let cistern = try await Cistern.start("dead", cores: cores, settings, in: bench)
        let receiver = try await HookReceiver.start()
        for hook in 0..<Self.hooks {
            try await cistern.client.hook("w\(hook)", at: receiver.url("/w\(hook)"), types: #""change.rejected""#)
        }
        let refusing = try await Server.freePort()
        let places = [
            (name: "hangs", url: receiver.url("/hang")), (name: "refuses", url: "http://127.0.0.1:\(refusing)/"),
        ]
        var figures: [Figure] = []
        var round = 0
        func p99(_ url: String, answers: Bool) async throws -> Double {
            round += 1
            try await cistern.client.unhook(Self.last)
            try await cistern.client.hook(Self.last, at: url, types: #""change.rejected""#)
            let times = try await run(round, lastAnswers: answers, cistern, receiver, bench)
            try await receiver.letGo()
            return Latencies(times).percentile(0.99)
        }
        for place in places {
            let comparison = try await bench.alternate(
                rounds: min(3, bench.rounds),
                { try await p99(place.url, answers: false) },
                { try await p99(receiver.url("/\(Self.last)"), answers: true) })
            figures.append(
                Figure(
                    "P15", "99 webhooks beside one that \(place.name), p99", peer: "without it", unit: "ms", comparison,
                    target: .ratioAtMost(Self.bound),
                    note: "push → receipt, \(Int(Self.rate) * Self.hooks) deliveries a second"))
        }
        try await receiver.stop()
        await cistern.stop()
        return Report(figures: figures)
    }

    /// - Returns: microseconds from the push of each change that is rejected until each of the others knows.
    private func run(
        _ round: Int, lastAnswers: Bool, _ cistern: Cistern, _ receiver: HookReceiver, _ bench: Bench
    ) async throws -> [UInt32] {
        let events = Int(Self.rate) * (bench.quick ? 2 : 3)
        var sent: [String: UInt64] = [:]
        let begin = ContinuousClock.now
        for number in 0..<events {
            try await Task.sleep(until: begin + .seconds(1) / Self.rate * Double(number))
            let id = "d\(round)-\(number)"
            sent[id] = NIODeadline.now().uptimeNanoseconds
            try await cistern.client.reject(id, in: "board\(number % Self.applications)")
        }
        let arrivals = try await receiver.take(events * (lastAnswers ? Self.hooks : Self.hooks - 1))
        return try arrivals.filter { $0.path != "/\(Self.last)" }.map { arrival in
            guard let start = arrival.subject.flatMap({ sent[$0] }) else {
                throw Wrong("A webhook tells of what nobody did: \(String(buffer: arrival.body).prefix(300))")
            }
            return microseconds(since: start, until: arrival.time)
        }
    }
}
