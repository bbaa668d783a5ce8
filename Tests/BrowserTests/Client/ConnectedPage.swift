import Documents
import SystemSupport
import TestSupport

extension Page {
    /// Connects the page to an application. What the tests look at then is in `board`, `rejected` (slugs) and `outcomes` (of `push`).
    func connect(to app: String = "board", _ options: Document = .emptyObject) async throws {
        try await run(
            """
            const { connect } = await import(new URL("/cistern.js", location.href));
            window.board = connect({ url: location.origin, app: args[0], ...args[1] });
            window.rejected = [];
            window.outcomes = [];
            board.on("rejected", ({ problem }) => rejected.push(problem.type.replace("/problems/", "")));
            """, .string(app), options)
    }

    /// Pushes JSON, a merge patch or an array of operations, and does not wait.
    func push(_ changes: String...) async throws {
        for change in changes {
            try await run(
                "board.push(JSON.parse(args[0])).then(({ outcome }) => outcomes.push(outcome), () => outcomes.push('rejected'))",
                .string(change))
        }
    }

    /// Adds this to the end of the array `list` of the state.
    func append(_ items: [String]) async throws {
        try await run(
            """
            for (const value of args[0]) board.push([{ op: "add", path: "/list/-", value }]).then(({ outcome }) => outcomes.push(outcome));
            """, .array(items.map(Document.string)))
    }

    func waitUntilLive(by way: String? = nil) async throws {
        try await wait(for: "board.status.phase === 'live'" + (way.map { " && board.status.way === '\($0)'" } ?? ""))
    }

    func waitUntilSettled() async throws {
        try await wait(for: "board.status.phase === 'live' && board.status.pending === 0", within: .seconds(60))
    }

    /// What is shown, as text.
    func shown() async throws -> String { try await value("board.state ?? null").text }
}

/// The ways by which states come, best first.
let allWays = ["socket", "events", "long", "short"]

/// Options of the client.
func only(_ way: String) -> Document { .object([("ways", .array([.string(way)]))]) }
