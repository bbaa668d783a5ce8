import ArgumentParser
import CisternClient
import Documents
import Foundation

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what changes in an application, as it changes.",
        discussion: """
            Polls as often as the server welcomes it (every 250 ms), or, with --live, is told by a WebSocket, by events or by long polls, whatever
            works. It goes on when the server is away for a while. Ctrl-C ends it.

              cistern watch board
              cistern watch board --live
              cistern watch board --live --way events --way long
              cistern watch board --count 10 --full
            """)

    @Argument(help: "The application. It need not exist yet.")
    var app: String

    @Flag(help: "Be told at once instead of polling.")
    var live = false

    @Option(
        help: ArgumentHelp("Of --live, only this way: socket, events, long, short.", valueName: "way"),
        transform: Self.way)
    var way: [Way] = []

    @Option(help: ArgumentHelp("End after this many states. (default: never)", valueName: "n"))
    var count: Int?

    @Flag(help: "Show values in their full length.")
    var full = false

    @Option(help: ArgumentHelp("Changed places to show of each state.", valueName: "n"))
    var lines: Int = 50

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes 1 or more.") }
        guard lines >= 0 else { throw ValidationError("--lines takes 0 or more.") }
        if !way.isEmpty, !live { throw ValidationError("--way belongs to --live.") }
    }

    private static func way(_ text: String) throws -> Way {
        guard let way = Way(rawValue: text) else {
            throw ValidationError("--way takes socket, events, long or short.")
        }
        return way
    }

    /// Best first.
    var ways: [Way] { !live ? [.short] : way.isEmpty ? Way.allCases : way }

    func run() async throws {
        let client = try server.client()
        let application = try client.open(app, ways: ways)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await showStates(of: application) }
            group.addTask {
                var notes = WatchNotes(app: app, isLive: live)
                for await status in application.statuses {
                    for note in notes.take(status) { self.note(note) }
                }
            }
            // The states end first, with --count.
            await group.next()
            await application.close()
        }
        await client.shutdown()
    }

    private func showStates(of application: LiveApplication) async {
        var shown: (version: Version, document: Document)?
        var left = count ?? .max
        for await state in application.states {
            guard let version = state.version, let document = state.document else {
                shown = nil
                continue
            }
            if version == shown?.version { continue }
            show(version, document, after: shown?.document)
            shown = (version, document)
            left -= 1
            if left == 0 { return }
        }
    }

    private func show(_ version: Version, _ document: Document, after shown: Document?) {
        let output = Terminal.output
        output.print(
            output.paint(Self.time(), .faint) + " " + output.paint("\(version)", .bold) + " "
                + Wording.bytes(document.encodedCount))
        let width = full ? Int.max : max(20, ((output.width ?? 120) - 30) / 2)
        let differences = shown.map { Difference.all(from: $0, to: document) } ?? Difference.first(document)
        for difference in differences.prefix(lines) {
            output.print("  " + difference.line(width: width, paint: output.paint))
        }
        if differences.count > lines {
            output.print("  … and \(Wording.plural(differences.count - lines, "place")) more")
        }
    }

    private func note(_ text: String) {
        Terminal.error.print("\(Terminal.error.paint(Self.time(), .faint)) \(text)")
    }

    /// The time of day here, with milliseconds.
    private static func time() -> String {
        let parts = Calendar.current.dateComponents([.hour, .minute, .second, .nanosecond], from: Date())
        func padded(_ number: Int?, _ digits: Int) -> String {
            let text = String(number ?? 0)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let milliseconds = (parts.nanosecond ?? 0) / 1_000_000
        return
            "\(padded(parts.hour, 2)):\(padded(parts.minute, 2)):\(padded(parts.second, 2)).\(padded(milliseconds, 3))"
    }
}
