import ArgumentParser
import CisternClient

struct OperationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operation", abstract: "Have work done that takes longer than a request, and see how it goes.",
        discussion: """
            An operation belongs to an application. Somebody starts it, a worker does it (see “cistern worker --help”), everybody can see how it stands,
            and its result can be had as often as wanted for a day.

              cistern operation start board export '{"format":"svg"}'
              cistern operation wait board "$(cistern operation start board export)" > board.svg
              cistern operation list board --status running
              cistern operation cancel board nightly-2026-11-21
            """,
        subcommands: [
            OperationStartCommand.self, OperationShowCommand.self, OperationWaitCommand.self,
            OperationListCommand.self, OperationCancelCommand.self, OperationRetryCommand.self,
        ])
}

/// Which operation a command is about.
struct OperationName: ParsableArguments {
    @Argument(help: "The application.")
    var app: String

    @Argument(help: "The operation's id.")
    var id: String
}

struct OperationShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how an operation stands.",
        discussion: """
              cistern operation show board nightly
              cistern operation show board nightly --json | jq .progress
            """)

    @OptionGroup var name: OperationName

    @Flag(help: "As the server tells it, in JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let operation = try await client.application(name.app).operation(name.id)
        if json {
            Terminal.output.print(operation.json.description)
        } else {
            for line in OperationWording.lines(operation) { Terminal.output.print(line) }
        }
        await client.shutdown()
    }
}

struct OperationCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Say that nobody wants an operation any more.",
        discussion: """
            What waits is cancelled at once. A worker is told within half of its lease, and may still have a result.

              cistern operation cancel board nightly
            """)

    @OptionGroup var name: OperationName
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let operation = try await client.application(name.app).cancelOperation(name.id)
        Terminal.error.print(OperationWording.sentence(operation))
        await client.shutdown()
    }
}

struct OperationRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Have a dead operation tried again.",
        discussion: """
            Dead is an operation none of whose attempts came to an end.

              cistern operation list board --status dead
              cistern operation retry board nightly
            """)

    @OptionGroup var name: OperationName
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let operation = try await client.application(name.app).retryOperation(name.id)
        Terminal.error.print(OperationWording.sentence(operation))
        await client.shutdown()
    }
}
