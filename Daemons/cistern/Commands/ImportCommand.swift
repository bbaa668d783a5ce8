import ArgumentParser
import CisternClient

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring exported applications into a store.",
        discussion: """
            Pushes changes that make the exported states, under ids that are always the same: an import that was broken off is simply run again, and
            what is there already is recognised (for as long as the store recognises repeats). Applications that exist are left as they are.

              cistern import all.ndjson
              cistern export --all --url http://old:8080 | cistern import - --url http://new:8080
              cistern import board.ndjson --replace             over what is there
              cistern import board.ndjson --replace --run 2     once more, though it was imported before
            """)

    @Argument(help: ArgumentHelp("The export; - is standard input.", valueName: "file"))
    var file: String

    @Flag(help: "Replace the states of applications that exist.")
    var replace = false

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Make other ids, so that what was imported before is imported again.", valueName: "name"))
    var runName: String?

    @OptionGroup var server: ServerOptions

    /// An import is to survive a restart of the servers.
    private static let patience: Duration = .seconds(120)

    func run() async throws {
        let client = try server.client(patience: Self.patience)
        let work = Import(client: client, replaces: replace, run: runName)
        var tally = ImportTally()
        do {
            try await readLines(work, &tally)
        } catch {
            Terminal.error.print(tally.summary)
            throw error
        }
        await client.shutdown()
        Terminal.error.print(tally.summary)
        if let failure = tally.failure { throw failure }
    }

    private func readLines(_ work: Import, _ tally: inout ImportTally) async throws {
        var tallied = tally
        defer { tally = tallied }
        try await withThrowingTaskGroup(of: (String, Import.Outcome).self) { group in
            var running = 0
            let lines = LineFile(path: file, what: "the export", maximumLineBytes: ExportLine.maximumBytes)
            try await lines.inPieces { pieces in
                for (number, line) in pieces {
                    guard
                        case .application(let exported) = try tallied.take(try ExportLine(line, number: number), number)
                    else { continue }
                    if running == Import.width, let (app, outcome) = try await group.next() {
                        tallied.note(app, outcome)
                        running -= 1
                    }
                    group.addTask { (exported.app, await work.bring(exported)) }
                    running += 1
                }
            }
            for try await (app, outcome) in group { tallied.note(app, outcome) }
        }
    }
}
