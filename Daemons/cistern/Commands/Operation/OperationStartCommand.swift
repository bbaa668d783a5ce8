import ArgumentParser
import CisternClient
import Documents

struct OperationStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Have something done.",
        discussion: """
            Prints the operation's id once the server has it for good. Started again with the same id and input, it is done once all the same.

              cistern operation start board export '{"format":"svg"}'
              cistern operation start board export --id nightly-2026-11-21 --wait > board.svg
              jq -c . job.json | cistern operation start board import - --publish /jobs/import
            """)

    @Argument(help: "The application.")
    var app: String

    @Argument(help: "What is to be done. Workers claim by it.")
    var kind: String

    @Argument(help: "What the worker is given, in JSON; - takes it from standard input.")
    var input: String = "null"

    @Option(help: "The operation's id. (default: a new one)")
    var id: String?

    @Option(help: ArgumentHelp("How often it may be tried (1 to 100). (default: 3)", valueName: "n"))
    var attempts: Int?

    @Option(help: ArgumentHelp("0 to 9, 9 comes first. (default: 5)", valueName: "n"))
    var priority: Int?

    @Option(help: ArgumentHelp("Not to be begun before, as 2026-11-21T06:00:00Z.", valueName: "time"))
    var notBefore: String?

    @Option(
        help: ArgumentHelp(
            "Where in the application's state everybody sees how it stands, as /jobs/export.", valueName: "pointer"))
    var publish: String?

    @Flag(help: "Wait until it is over, and print its result instead of its id.")
    var wait = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let attempts, !(1...100).contains(attempts) { throw ValidationError("--attempts takes 1 to 100.") }
        if let priority, !(0...9).contains(priority) { throw ValidationError("--priority takes 0 to 9.") }
    }

    func run() async throws {
        let bytes = input == "-" ? try await StandardInput.whole(upTo: Self.inputBytes) : Array(input.utf8)
        do { _ = try Document(parsing: bytes) } catch {
            throw Failure(.data, "The input is not JSON: at byte \(error.offset), \(error.message).")
        }
        let wanted = NewOperation(
            kind, JSONText(bytes: bytes), id: id ?? TimedID.next(), attempts: attempts, priority: priority,
            notBefore: notBefore, publish: publish)
        let client = try server.client()
        let application = try client.application(app)
        try await start(wanted, in: application)
        if wait {
            try await OperationWait(application: application).run(wanted.id)
        } else {
            Terminal.output.print(wanted.id)
        }
        await client.shutdown()
    }

    private func start(_ wanted: NewOperation, in application: Application) async throws {
        do {
            try await application.start(wanted)
        } catch {
            guard case .unreachable(let url, let reason) = error else { throw error }
            throw Failure(
                .unavailable, "There is no answer from \(url): \(reason).",
                advice:
                    "It may have arrived. Start the same again with --id \(wanted.id): it is done once all the same.")
        }
    }

    /// As much as a server takes.
    private static let inputBytes = 64 << 10
}
