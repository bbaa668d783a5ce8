// Measures Cistern beside what a user could run instead, and checks what it gets. scripts/bench builds and starts it; no product code
// knows of any of this.

import ArgumentParser
import Foundation
import TestSupport

@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cistern-bench",
        abstract: "Measures Cistern beside nginx, nchan, webdis and Node, and checks every answer.",
        subcommands: [Compare.self, MergeLoop.self, PostLoop.self], defaultSubcommand: Compare.self)
}

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Starts servers, measures by turns, prints a table. Status 1 if a target is missed or an answer is wrong.
            """)

    @Flag(help: "Shorter and fewer rounds: three minutes instead of eleven.")
    var quick = false
    @Option(help: "Rows to measure, such as P1,P4.")
    var only: String?
    @Option(help: "Folder with cistern-front, merge-daemon and courier. (default: where this program is)")
    var bin: String?
    @Option(help: "File for the figures as JSON; “-” prints them.")
    var json = "-"
    @Option(help: "File for the picture.")
    var svg = "cistern-bench.svg"
    @Option(help: "Cores for the servers that are compared.")
    var serverCores = "0"
    @Option(help: "Cores for what makes the load. (default: all others)")
    var loadCores: String?

    private static let rows: [any Row] = [
        Polls(), Pushes(), Merges(), Visibility(), Crowd(), Cost(), Deltas(), Waiters(), Soak(), Noise(),
        Operations(), Deliveries(), DeadEndpoint(), Ways(),
    ]

    func validate() throws {
        let known = Set(Self.rows.flatMap(\.names))
        if let stranger = wanted.subtracting(known).sorted().first {
            throw ValidationError("There is no row \(stranger): \(known.sorted().joined(separator: " ")).")
        }
        guard Cores(serverCores) != nil, loadCores.map({ Cores($0) != nil }) ?? true else {
            throw ValidationError("Cores are written as 0 or 1,2 or 1-3.")
        }
    }

    private var wanted: Set<String> {
        guard let only else { return Set(Self.rows.flatMap(\.names)) }
        return Set(only.split(separator: ",").map { $0.uppercased() })
    }

    func run() async throws {
        await Interruption.heed()
        let (servers, load) = layout()
        try await load.pin()
        let folder = try PrivateFolder("bench")
        defer { folder.remove() }
        let ourselves = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let bench = Bench(
            quick: quick, programs: bin ?? URL(filePath: ourselves).deletingLastPathComponent().path,
            ourselves: ourselves, serverCores: servers, loadCores: load, folder: folder.path)
        bench.say("Servers on core \(servers.list), load from \(load.list).")
        var report = Report()
        for row in Self.rows where !wanted.isDisjoint(with: row.names) {
            bench.say("── \(row.names.filter(wanted.contains).joined(separator: " "))")
            let start = ContinuousClock.now
            let measured = try await row.measure(bench, only: wanted)
            bench.say(Table(figures: measured.figures).text)
            bench.say("in \(((ContinuousClock.now - start) / .seconds(1)).short) s")
            report = report + measured
        }
        print(Table(figures: report.figures).text)
        try write(report)
        if report.figures.contains(where: { $0.verdict == .missed || $0.verdict == .failed }) { throw ExitCode(1) }
    }

    /// With one core there is no choice.
    private func layout() -> (servers: Cores, load: Cores) {
        let all = Cores.available
        let servers = Cores(serverCores) ?? Cores([0])
        if let chosen = loadCores.flatMap({ Cores($0) }) { return (servers, chosen) }
        let rest = all.numbers.filter { !servers.numbers.contains($0) }
        return (servers, rest.isEmpty ? servers : Cores(rest))
    }

    private func write(_ report: Report) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let bytes = try encoder.encode(report)
        if json == "-" {
            print(String(decoding: bytes, as: UTF8.self))
        } else {
            try bytes.write(to: URL(filePath: json))
        }
        if let picture = Chart(curves: report.curves).svg {
            try picture.write(toFile: svg, atomically: false, encoding: .utf8)
        }
    }
}
