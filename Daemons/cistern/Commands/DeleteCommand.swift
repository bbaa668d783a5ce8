import ArgumentParser
import CisternClient

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
        if !yes {
            let status = try await application.status()
            let size = "\(Wording.bytes(status.bytes)), \(Wording.plural(Int(clamping: status.tail), "change"))"
            try Confirmation.ask("Delete “\(app)” (\(size))", name: app, what: "deleted")
        }
        try await application.delete(ifVersion: ifMatch.flatMap { Version($0) })
        Terminal.error.print("“\(app)” is deleted.")
        await client.shutdown()
    }
}
