import ArgumentParser
import CisternClient

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "List the changes in an application's log, with what became of them.",
        discussion: """
            The log has what was pushed lately: changes that are folded in leave it after a while.

              cistern tail board
              cistern tail board --follow
              cistern tail board --after 57 --json | jq -c 'select(.status == "rejected")'
            """)

    @Argument(help: "The application. With --follow it need not exist yet.")
    var app: String

    @Option(help: ArgumentHelp("Only changes behind this position, a number.", valueName: "position"))
    var after: UInt64 = 0

    @Flag(name: .shortAndLong, help: "Go on with the changes that come. Ctrl-C ends it.")
    var follow = false

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// Between looks for new changes: each is a question to Redis.
    private static let lookInterval: Duration = .milliseconds(500)

    func run() async throws {
        let client = try server.client()
        let application = try client.application(app)
        var cursor = LogCursor(after: after)
        repeat {
            do throws(CisternError) {
                let status = try await application.status()
                if let note = cursor.take(status) { Terminal.error.print(note) }
                while cursor.position < status.tail {
                    let page = try await application.changes(after: cursor.position)
                    let shown = page.changes.prefix { !follow || $0.outcome != .pending }
                    for change in shown { show(change) }
                    cursor.advance(to: shown.last?.position)
                    if page.next == nil || shown.count < page.changes.count { break }
                }
            } catch {
                guard follow else { throw error }
                if let note = try cursor.take(error, app: app) { Terminal.error.print(note) }
            }
            if follow { try await Task.sleep(for: Self.lookInterval) }
        } while follow
        await client.shutdown()
    }

    private func show(_ change: LoggedChange) {
        let output = Terminal.output
        if json { return output.print(change.json.description) }
        let outcome =
            switch change.outcome {
            case .pending: output.paint("pending", .yellow)
            case .applied: output.paint("applied", .green)
            case .rejected: output.paint("rejected", .red)
            case .dropped: output.paint("dropped", .red)
            }
        let place = change.receipt?.description ?? String(change.position)
        let head = [change.time ?? "-", place, outcome, change.id ?? "?"]
        let patch = change.patch?.description ?? ""
        output.print(head.joined(separator: "  ") + "  " + Wording.cut(patch, to: max(40, (output.width ?? 160) / 2)))
        if case .rejected(let problem) = change.outcome { output.print("    \(problem)") }
    }
}
