import Relays
import Testing

@testable import cistern_faults

@Suite("A run with faults", .serialized, .timeLimit(.minutes(5)))
struct ShortRunTests {
    /// Its schedule has rounds that lose Redis' tail and rounds that lose nothing, so that both kinds of promise are tried.
    private static let seed: UInt64 = 3

    @Test("Daemons, Redis and memcached die, fall silent and are cut off, and every promise holds")
    func run() async throws {
        let figures = try await Run(seed: Self.seed, length: .seconds(60)) { print($0) }.run()
        print("seed \(Self.seed)\n\(figures)")
        #expect(figures.violations == [])
        #expect(figures.losingRounds > 0 && figures.losingRounds < figures.rounds)
        #expect(figures.acknowledged > 500 && figures.done > 30 && figures.taken > 30)
    }

    @Test(
        "Without the records that suppress repeats, a round shows that a promise is broken",
        arguments: ["no-records", "no-client-records"])
    func mutant(_ name: String) async throws {
        let mutant = try #require(Mutant.named(name))
        let figures = try await Run(seed: Self.seed, length: .zero, mutant: mutant) { _ in }.run()
        #expect(figures.violations.contains { $0.promise == Check.onlyOnce.promise })
    }
}
