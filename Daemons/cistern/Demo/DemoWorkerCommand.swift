import ArgumentParser
import CisternClient
import Documents
import Glibc
import NIOPosix

struct DemoWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-worker", abstract: "Draw the demo's boards when somebody asks for a picture.",
        discussion: """
            “cistern up” runs it. Ends when its standard input does, and gives back what it has not done.

              sleep infinity | cistern demo-worker
            """, shouldDisplay: false)

    @OptionGroup var server: ServerOptions

    /// What the demo's page asks for.
    static let kind = "board-picture"
    /// Short, so that a picture goes on soon when this is killed.
    private static let lease: Duration = .seconds(5)

    func run() async throws {
        let client = try server.client(logger: .noting("demo-worker"))
        let worker = try client.worker(.init(kinds: [Self.kind], lease: Self.lease, concurrency: 8))
        let working = Task {
            do {
                try await worker.run { claim in try await Self.draw(claim, by: client) }
            } catch {
                // Started again it would hear the same: it says so once, and is there.
                Terminal.error.print("The demo's boards cannot be drawn: \(error)")
            }
        }
        await Self.endOfInput()
        working.cancel()
        await working.value
        await client.shutdown()
    }

    /// A card is drawn in no time, and a picture of a board would be there before anybody has seen how it comes: so each takes a while.
    private static func pause(cards: Int) -> Duration {
        max(.milliseconds(20), min(.milliseconds(500), .seconds(10) / max(1, cards)))
    }

    private static func draw(_ claim: Claim, by client: CisternClient) async throws -> OperationResult {
        let state: State
        do { state = try await client.application(claim.operation.application).state(isFresh: true) } catch {
            guard case .refused(let problem) = error, problem.slug == "unknown-app" else { throw error }
            throw WorkFailure(code: problem.slug, message: "There is no such board.", isRetryable: false)
        }
        let board = DemoBoard(try Document(parsing: state.json.bytes))
        var picture = BoardPicture(title: board.title, columns: board.columns.map(\.title))
        var done = 0
        for (column, content) in board.columns.enumerated() {
            for card in content.cards {
                claim.report(.init(completed: done, total: board.count, message: "“\(content.title)”"))
                try await Task.sleep(for: pause(cards: board.count))
                picture.draw(card, in: column)
                done += 1
            }
        }
        claim.report(.init(completed: done, total: board.count))
        return OperationResult(bytes: Array(picture.svg.utf8), mediaType: "image/svg+xml")
    }

    /// Returns when whoever has started this is gone, or wants it to end.
    private static func endOfInput() async {
        var input = StandardInput()
        while (try? await input.next()) != nil {}
    }
}
