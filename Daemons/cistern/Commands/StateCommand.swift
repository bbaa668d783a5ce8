import ArgumentParser
import CisternClient
import Documents

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Print the state of an application.",
        discussion: """
              cistern state board --pretty
              cistern state board --at-least mgz3k1-57    read your own write
              cistern state board -v                      version and position on standard error
            """)

    @Argument(help: "The application.")
    var app: String

    @Option(help: ArgumentHelp("A state in which everything up to this position is folded in.", valueName: "position"))
    var atLeast: String?

    @Option(help: ArgumentHelp("How long to wait for that position (1 to 60).", valueName: "seconds"))
    var wait: Int = 5

    @Flag(help: "Fold in first what is in the log now.")
    var fresh = false

    @Flag(help: "On several lines, indented.")
    var pretty = false

    @Flag(name: .shortAndLong, help: "Say on standard error which version it is.")
    var verbose = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (1...60).contains(wait) else { throw ValidationError("--wait takes 1 to 60 seconds.") }
        if let atLeast, Position(atLeast) == nil {
            throw ValidationError("--at-least takes a position such as mgz3k1-57, as “cistern push” prints it.")
        }
    }

    func run() async throws {
        let client = try server.client()
        let state = try await client.application(app).state(
            atLeast: atLeast.flatMap { Position($0) }, isFresh: fresh, wait: .seconds(wait))
        if verbose { Terminal.error.print("version \(state.version)  position \(state.position)") }
        if pretty {
            guard let document = try? Document(parsing: state.json.bytes) else {
                throw Failure(.failed, "The server's answer is not JSON.")
            }
            for line in PrettyPrinting.lines(document) { Terminal.output.print(line) }
        } else {
            Terminal.output.write(state.json.bytes + [UInt8(ascii: "\n")])
        }
        await client.shutdown()
    }
}
