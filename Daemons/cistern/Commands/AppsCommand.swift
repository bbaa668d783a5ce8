import ArgumentParser
import CisternClient

struct AppsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps", abstract: "List the applications.",
        discussion: """
              cistern apps --prefix board
              cistern apps --json | jq -r .app
            """)

    @Option(help: "Only those whose id begins with this.")
    var prefix: String = ""

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var table = Table("APPLICATION", "#VERSION", "#POSITION", "#PENDING", "#STATE", "LAST PUSHED")
        for try await app in client.applications(prefix: prefix) {
            if json {
                Terminal.output.print(app.json.description)
            } else {
                table.add(
                    app.application, "\(app.epoch)-\(app.version)", Wording.count(app.position),
                    Wording.count(app.pending),
                    Wording.bytes(app.bytes), app.pushed ?? "-")
            }
        }
        if !json {
            if table.rows.isEmpty {
                Terminal.error.print(
                    "There is no application\(prefix.isEmpty ? "" : " whose id begins with “\(prefix)”").")
            } else {
                for line in table.lines { Terminal.output.print(line) }
            }
        }
        await client.shutdown()
    }
}
