import ArgumentParser
import CisternClient
import Documents
import Foundation

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what changes in an application, as it changes.",
        discussion: """
            Polls as often as the server welcomes it (every 250 ms) and goes on when the server is away for a while. Ctrl-C ends it.

              cistern watch board
              cistern watch board --count 10 --full
            """)

    @Argument(help: "The application. It need not exist yet.")
    var app: String

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
    }

    func run() async throws {
        let client = try server.client()
        var shown: Document?
        var left = count ?? .max
        for try await element in try client.application(app).states() {
            switch element {
            case .state(let state):
                shown = show(state, after: shown)
                left -= 1
                if left == 0 { return await client.shutdown() }
            case .unknown:
                note(
                    shown == nil
                        ? "There is no application “\(app)” yet; waiting for its first change."
                        : "“\(app)” was deleted.")
                shown = nil
            case .unreachable(let error): note("\(Failure(error).message) Trying again…")
            case .reachable: note("The server is back; nothing has changed.")
            }
        }
    }

    private func show(_ state: State, after shown: Document?) -> Document? {
        let output = Terminal.output
        guard let document = try? Document(parsing: state.json.bytes) else {
            note("The server's answer at version \(state.version) is not JSON.")
            return shown
        }
        output.print(
            output.paint(Self.time(), .faint) + " " + output.paint("\(state.version)", .bold) + " "
                + Wording.bytes(state.json.bytes.count))
        let width = full ? Int.max : max(20, ((output.width ?? 120) - 30) / 2)
        let differences = shown.map { Difference.all(from: $0, to: document) } ?? Difference.first(document)
        for difference in differences.prefix(lines) {
            output.print("  " + difference.line(width: width, paint: output.paint))
        }
        if differences.count > lines {
            output.print("  … and \(Wording.plural(differences.count - lines, "place")) more")
        }
        return document
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
