import ArgumentParser
import CisternClient

struct OperationWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until an operation is over, and print its result.",
        discussion: """
            How far it is stands on standard error. The exit status is 1 if it is over without a result, which standard error explains. Ctrl-C ends the
            waiting and leaves the operation as it is.

              cistern operation wait board nightly > board.svg
            """)

    @OptionGroup var name: OperationName
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(patience: .seconds(60))
        try await OperationWait(application: client.application(name.app)).run(name.id)
        await client.shutdown()
    }
}

/// Shows how an operation goes on, and prints its result.
struct OperationWait {
    let application: Application

    func run(_ id: String) async throws {
        var shown = ""
        var last: LongOperation?
        for try await operation in application.news(of: id) {
            last = operation
            let text = OperationWording.progress(operation)
            if text != shown { show(text, isLast: operation.status.isOver) }
            shown = text
        }
        guard let last, last.status == .succeeded else {
            throw Failure(.failed, last.map { OperationWording.sentence($0) } ?? "Nothing is known of “\(id)”.")
        }
        Terminal.output.write(try await application.result(of: id).bytes)
    }

    /// One line that is drawn over on a terminal, a line for each news elsewhere.
    private func show(_ text: String, isLast: Bool) {
        let terminal = Terminal.error
        guard let width = terminal.width else { return terminal.print(text) }
        _ = terminal.tryToWrite(Array("\r\(Wording.cut(text, to: width - 1))\u{1B}[K\(isLast ? "\n" : "")".utf8))
    }
}
