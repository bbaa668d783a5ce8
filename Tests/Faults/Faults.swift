// Runs whole Cisterns while everything that can fail does, and checks what clients saw. scripts/faults builds and starts it; no product
// code knows of any of this.

import ArgumentParser
import Foundation
import Relays
import TestSupport

@main
struct Faults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cistern-faults",
        abstract: "Kills, stops, cuts off and empties what Cistern is made of, and checks that its promises hold.")

    @Option(help: "How long it goes on.")
    var minutes = 2.0
    @Option(help: "Repeats the faults of another run. (default: another one each time)")
    var seed: UInt64?
    @Option(help: "The first round that is run, to look at one again.")
    var round = 1

    @ArgumentParser.Flag(help: "Redis has a replica, which sentinels promote again and again.")
    var replicated = false
    @ArgumentParser.Flag(help: "… and nothing is acknowledged before the replica has it.")
    var waiting = false

    @Option(help: "Takes a mechanism out of the scripts, and ends when that is noticed.")
    var mutant: String?

    func validate() throws {
        if mutant != nil, replicated || waiting {
            throw ValidationError("A mechanism is taken out by a relay, and with a replica there is none.")
        }
        guard let mutant, Mutant.known(mutant) == nil else { return }
        throw ValidationError("There is no mutant \(mutant): \(Mutant.names.joined(separator: " ")).")
    }

    func run() async throws {
        await Interruption.heed()
        let seed = seed ?? UInt64.random(in: 0..<1_000_000)
        print("seed \(seed)")
        let run = Run(
            seed: seed, length: .seconds(minutes * 60), firstRound: round,
            redis: waiting ? .waitedFor : replicated ? .replicated : .alone, mutant: mutant.flatMap(Mutant.known)
        ) { line in
            FileHandle.standardError.write(Data("\(line)\n".utf8))
        }
        let figures = try await run.run()
        print(figures)
        if !figures.violations.isEmpty { throw ExitCode(1) }
    }
}
