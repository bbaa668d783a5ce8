import ArgumentParser
import CisternClient

struct OperationListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the operations of an application.",
        discussion: """
            Those that are over are remembered for a day.

              cistern operation list board --status running --kind export
              cistern operation list board --json | jq -r .id
            """)

    @Argument(help: "The application.")
    var app: String

    @Option(
        help: "Only those that are queued, running, cancelling, succeeded, failed, cancelled or dead.",
        transform: Self.status)
    var status: LongOperation.Status?

    @Option(help: "Only those of this kind.")
    var kind: String?

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    private static func status(_ text: String) throws -> LongOperation.Status {
        guard let status = LongOperation.Status(rawValue: text) else {
            let all = LongOperation.Status.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--status takes one of \(all).")
        }
        return status
    }

    func run() async throws {
        let client = try server.client()
        var table = Table("OPERATION", "KIND", "STATUS", "#ATTEMPT", "PROGRESS", "UPDATED")
        for try await operation in try client.application(app).operations(status: status, kind: kind) {
            if json {
                Terminal.output.print(operation.json.description)
            } else {
                table.add(
                    operation.id, operation.kind, operation.status.rawValue,
                    "\(operation.attempt)/\(operation.attempts)",
                    operation.progress.map { OperationWording.figures($0) } ?? "-", operation.updated)
            }
        }
        if !json {
            if table.rows.isEmpty {
                Terminal.error.print("There is no such operation.")
            } else {
                for line in table.lines { Terminal.output.print(line) }
            }
        }
        await client.shutdown()
    }
}
