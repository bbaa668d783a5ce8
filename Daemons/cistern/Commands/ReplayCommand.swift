import ArgumentParser
import CisternClient
import Documents
import Foundation

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Push a recorded trace of changes and check what comes out.",
        discussion: """
            The trace has one change a line: {"id":"…","type":"application/merge-patch+json","change":{…}}. Each is acknowledged before the next
            is sent. Meanwhile the state is polled; versions must never go down. Pushed again, a trace consists of repeats and changes nothing.

              cistern replay board.ndjson --expect board.final.json
              cistern replay board.ndjson --app copy --batch 100
              cistern replay board.ndjson --run second           once more, as new changes
            """)

    @Argument(help: ArgumentHelp("The trace.", valueName: "file"))
    var file: String

    @Option(help: "The application. (default: the name of the file)")
    var app: String?

    @Option(help: ArgumentHelp("A JSON file with the state that must come out, compared by value.", valueName: "file"))
    var expect: String?

    @Option(help: ArgumentHelp("Changes in one request (1 to 1000).", valueName: "n"))
    var batch: Int = 1

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Put this before each id, so that the changes are new ones.", valueName: "name"))
    var runName: String?

    @OptionGroup var server: ServerOptions

    /// A replay is to survive a restart of the servers.
    private static let patience: Duration = .seconds(120)

    func validate() throws {
        guard (1...1_000).contains(batch) else { throw ValidationError("--batch takes 1 to 1000.") }
    }

    /// The file's name without folders and endings.
    static func application(ofFile path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return String(name.prefix { $0 != "." })
    }

    func run() async throws {
        let expected = try expect.map { try Self.document(at: $0) }
        let trace = TraceFile(path: file, run: runName)
        let total = try await trace.count()
        let client = try server.client(patience: Self.patience)
        let replay = Replay(
            application: try client.application(app ?? Self.application(ofFile: file)), trace: trace, batchSize: batch,
            total: total)
        let result = try await replay.run()
        await client.shutdown()
        report(result, of: replay)
        if let violation = result.polls.violation { throw Failure(.failed, violation) }
        if result.outcomes.dropped > 0 {
            throw Failure(.failed, "“\(replay.application.id)” was deleted in the meantime.")
        }
        if let expected { try compare(result.final, with: expected) }
    }

    private func report(_ result: Replay.Result, of replay: Replay) {
        let output = Terminal.output
        let outcomes = result.outcomes
        output.print(
            "\(replay.application.id): \(Wording.plural(replay.total, "change")) in \(Wording.seconds(result.elapsed))"
                + " (\(Wording.rate(replay.total, in: result.elapsed))), \(Wording.count(result.new)) new,"
                + " \(Wording.plural(result.repeats, "repeat")), \(Wording.count(outcomes.applied)) applied,"
                + " \(Wording.count(outcomes.rejected)) rejected"
                + (result.passes > 1 ? "; pushed \(result.passes) times, because the epoch changed" : ""))
        output.print(
            "\(replay.application.id): version \(result.final.version), \(Wording.bytes(result.final.json.bytes.count));"
                + " \(Wording.plural(result.polls.versionsSeen, "version")) seen in \(Wording.plural(result.polls.polls, "poll")), never going down"
        )
        for reason in outcomes.reasons { Terminal.error.print("Rejected: \(reason)") }
    }

    private func compare(_ state: State, with expected: Document) throws {
        let found: Document
        do { found = try Document(parsing: state.json.bytes) } catch {
            throw Failure(.failed, "The final state is not JSON: \(error)")
        }
        guard found != expected else {
            return Terminal.output.print("The final state equals \(expect ?? "") by value.")
        }
        // Spelled differently is not different.
        let differences = Difference.all(from: expected, to: found)
        for difference in differences.prefix(10) { Terminal.error.print("  " + difference.line(width: 60)) }
        throw Failure(.failed, "The final state differs from \(expect ?? "") (above: expected → found).")
    }

    private static func document(at path: String) throws -> Document {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.data, "The expected state \(path) cannot be read.", advice: "Is the path right?")
        }
        do { return try Document(parsing: Array(data)) } catch {
            throw Failure(.data, "\(path) is not JSON: at byte \(error.offset), \(error.message).")
        }
    }
}
