import ArgumentParser
import CisternClient
import Glibc

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an application: its state, its log, changes that wait.",
        discussion: """
            There is no way back. The ids of its changes stay used; a new change under a new id begins anew.

              cistern delete board
              cistern delete board --yes --if-match mgz3k1-57
            """)

    @Argument(help: "The application.")
    var app: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Option(help: ArgumentHelp("Only if the state has this version.", valueName: "version"))
    var ifMatch: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let ifMatch, Version(ifMatch) == nil {
            throw ValidationError("--if-match takes a version such as mgz3k1-57.")
        }
    }

    func run() async throws {
        let client = try server.client()
        let application = try client.application(app)
        if !yes { try confirm(try await application.status()) }
        try await application.delete(ifVersion: ifMatch.flatMap { Version($0) })
        Terminal.error.print("“\(app)” is deleted.")
        await client.shutdown()
    }

    private func confirm(_ status: ApplicationStatus) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(
                .usage, "There is nobody to ask whether “\(app)” is really to be deleted.", advice: "Say so with --yes."
            )
        }
        let question =
            "Delete “\(app)” (\(Wording.bytes(status.bytes)), \(Wording.plural(Int(clamping: status.tail), "change")))? Type its name: "
        _ = Terminal.error.tryToWrite(Array(question.utf8))
        guard readLine() == app else { throw Failure(.failed, "Nothing was deleted.") }
    }
}
