import ArgumentParser
import CisternClient

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "List the changes in an application's log, with what became of them.",
        discussion: """
            The log has what was pushed lately: changes that are folded in leave it after a while. Of the last of those it is still known what
            became of them. What could not be listed before it was forgotten is said.

              cistern tail board
              cistern tail board --follow
              cistern tail board --follow --after 769d76f37941-57
              cistern tail board --after 57 --json | jq -c 'select(.status == "rejected")'
            """)

    @Argument(help: "The application. With --follow it need not exist yet.")
    var app: String

    @Option(
        help: ArgumentHelp(
            "Only changes behind this position, a number or a receipt. By a receipt it is noticed whenever the log has begun anew since; by a number only while the log is shorter.",
            valueName: "position"))
    var after = LogPlace(number: 0)

    @Flag(name: .shortAndLong, help: "Go on with the changes that come. Ctrl-C ends it.")
    var follow = false

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// Between looks for new changes: each is a question to Redis. After news the next look is soon, because a log that changes come to is
    /// trimmed once a second or more.
    private static let (lookInterval, busyInterval): (Duration, Duration) = (.milliseconds(500), .milliseconds(25))
    /// Changes of one look.
    private static let pageChanges = 1_000

    func run() async throws {
        let client = try server.client()
        let application = try client.application(app)
        var cursor = LogCursor(after: after.number, of: after.epoch)
        repeat {
            var hasNews = false
            do throws(CisternError) {
                let status = try await application.status()
                if let note = cursor.take(epoch: status.epoch, tail: status.tail, of: app) {
                    Terminal.error.print(note)
                }
                let before = cursor.position
                if before < status.tail { try await list(application, status, &cursor) }
                hasNews = cursor.position > before
            } catch {
                guard follow else { throw error }
                if let note = try cursor.take(error, app: app) { Terminal.error.print(note) }
            }
            if follow { try await Task.sleep(for: hasNews ? Self.busyInterval : Self.lookInterval) }
        } while follow
        await client.shutdown()
    }

    /// All that is there now.
    private func list(
        _ application: Application, _ status: ApplicationStatus, _ cursor: inout LogCursor
    ) async throws(CisternError) {
        while true {
            let page = try await application.changes(after: cursor.position, limit: Self.pageChanges)
            let first = page.changes.first?.position ?? status.checkpoint + 1
            if cursor.lacks(before: first) {
                // They have left the log, since the last look or before the first.
                let remembered = try await application.latestChanges().filter { $0.position < first }
                show(cursor.take(remembered, upToPending: follow))
                if page.changes.isEmpty, let note = cursor.skip(to: status.checkpoint) { Terminal.error.print(note) }
            }
            show(cursor.take(page.changes, upToPending: follow))
            if page.next == nil || cursor.position < page.changes.last?.position ?? 0 { return }
        }
    }

    private func show(_ lines: [LogCursor.Line]) {
        for line in lines {
            switch line {
            case .change(let change): show(change)
            case .note(let note): Terminal.error.print(note)
            }
        }
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

/// Where to begin.
struct LogPlace: ExpressibleByArgument {
    let number: UInt64
    /// Nil if only the number is known.
    var epoch: String?

    init(number: UInt64) { self.number = number }

    init?(argument: String) {
        if let number = UInt64(argument) {
            self.number = number
        } else if let receipt = Position(argument) {
            number = receipt.number
            epoch = receipt.epoch
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "\(number)" }
}
