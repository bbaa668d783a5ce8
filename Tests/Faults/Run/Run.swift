import AsyncHTTPClient
import Foundation
import NIOPosix
import Relays
import SystemSupport
import TestSupport

/// Rounds on one Cistern, until the time is over.
struct Run: Sendable {
    let seed: UInt64
    let length: Duration
    /// The first round that is run; others before it are left out.
    var firstRound = 1
    var redis = Shape.Redis.alone
    /// A mechanism that is taken out, to see that this is noticed.
    var mutant: Mutant?
    /// One line about what goes on.
    var say: @Sendable (String) -> Void

    /// Faults of one round.
    private static let roundLength: Duration = .seconds(10)
    /// Of these the sentences are printed, for each round.
    private static let mostSentences = 10

    init(
        seed: UInt64, length: Duration, firstRound: Int = 1, redis: Shape.Redis = .alone, mutant: Mutant? = nil,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.seed = seed
        self.length = length
        self.firstRound = firstRound
        self.redis = redis
        self.mutant = mutant
        self.say = say
    }

    func run() async throws -> Figures {
        let cistern = try await FaultyCistern.start(
            Shape(redis: redis), without: mutant, on: MultiThreadedEventLoopGroup.singleton)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .forTests)
        let endpoint = Endpoint()
        let outcome: Result<Figures, any Error>
        do {
            try await subscribe(endpoint, to: cistern, http)
            outcome = .success(try await rounds(on: cistern, http, endpoint))
        } catch { outcome = .failure(error) }
        await endpoint.stop()
        try? await http.shutdown()
        await cistern.stop()
        return try outcome.get()
    }

    /// The webhook is as old as can be, and far from the end of Redis' file: what happened before there was one is not told to it, and none of
    /// the rounds is about losing it.
    private func subscribe(_ endpoint: Endpoint, to cistern: FaultyCistern, _ http: HTTPClient) async throws {
        try await endpoint.start()
        guard cistern.replication == nil else { return try await endpoint.subscribe(http, at: cistern.buckets[0]) }
        try cistern.clock.set(to: .seconds(-Schedule.longestStep - 1))
        try await endpoint.subscribe(http, at: cistern.buckets[0])
        try cistern.clock.set(to: .zero)
        try cistern.redis.command("SET", "faults:filler", String(repeating: "x", count: Schedule.longestTail))
    }

    private func rounds(
        on cistern: FaultyCistern, _ http: HTTPClient, _ endpoint: Endpoint
    ) async throws -> Figures {
        var figures = Figures()
        let end = ContinuousClock.now + length
        var number = firstRound
        repeat {
            let schedule = Schedule(seed: seed, round: number, length: Self.roundLength, shape: cistern.shape)
            let round = Round(
                number: number, seed: seed, cistern: cistern, http: http, endpoint: endpoint, schedule: schedule)
            let outcome = try await round.run()
            figures.add(outcome, mayLose: schedule.mayLose)
            say(
                "round \(number)\(schedule.mayLose ? " (loses)" : ""): \(outcome.history.events.count) events, "
                    + "\(schedule.faults.count) faults, recovered in \(outcome.recovery.milliseconds) ms, "
                    + "\(outcome.violations.count) violations")
            if !outcome.violations.isEmpty { try report(outcome, round: number, of: cistern) }
            number += 1
            // A mutant is caught once.
            if mutant != nil, !figures.violations.isEmpty { break }
        } while ContinuousClock.now + Self.roundLength < end
        return figures
    }

    private func report(_ outcome: Round.Outcome, round: Int, of cistern: FaultyCistern) throws {
        for violation in outcome.violations.prefix(Self.mostSentences) { say("  \(violation)") }
        let path = FileManager.default.temporaryDirectory.path + "/cistern-faults-\(seed)-\(round).txt"
        let elections = cistern.replication?.sentinels.map { "\nA sentinel:\n\($0.printed)" } ?? []
        try (outcome.history.lines + elections + cistern.logs).joined(separator: "\n").write(
            toFile: path, atomically: true, encoding: .utf8)
        say("  the history: \(path)")
    }
}
