import ArgumentParser
import CisternClient
import Documents

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether the server is well, or where an application stands.",
        discussion: """
              cistern status
              cistern status board
            """)

    @Argument(help: "The application. Without one the server is asked about itself.")
    var app: String?

    @Flag(help: "As the server tells it, in JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        if let app {
            let status = try await client.application(app).status()
            if json { Terminal.output.print(status.json.description) } else { show(status) }
        } else {
            try await showServer(client)
        }
        await client.shutdown()
    }

    private func show(_ status: ApplicationStatus) {
        let rows = [
            ("application", status.application), ("version", "\(status.epoch)-\(status.version)"),
            ("position", "\(status.epoch)-\(status.position)"), ("pending", Wording.plural(status.pending, "change")),
            ("state", Wording.bytes(status.bytes)),
            (
                "log",
                "\(Wording.plural(Int(clamping: status.tail - min(status.tail, status.checkpoint)), "change")) since the checkpoint at \(status.checkpoint)"
            ),
            ("created", status.created ?? "-"), ("last pushed", status.pushed ?? "-"),
            ("last merged", status.merged ?? "-"),
        ]
        show(rows)
    }

    private func showServer(_ client: CisternClient) async throws {
        var all: [(url: String, readiness: Readiness)] = []
        for isBucket in client.pushURL == client.url ? [false] : [false, true] {
            all.append((isBucket ? client.pushURL : client.url, try await client.readiness(ofBucket: isBucket)))
        }
        for (url, readiness) in all {
            if json {
                Terminal.output.print(readiness.json.description)
                continue
            }
            let word =
                readiness.isReady ? Terminal.output.paint("ready", .green) : Terminal.output.paint("not ready", .red)
            Terminal.output.print("\(url)  \(word)")
            guard let checks = try? Document(parsing: readiness.json.bytes) else { continue }
            show(checks.members.map { ("  \($0.name)", Self.sentence($0.value)) })
        }
        let missing = all.filter { !$0.readiness.isReady }
        if !missing.isEmpty {
            throw Failure(
                .unavailable,
                missing.map { "\($0.url) cannot do its work: \($0.readiness.detail)" }.joined(separator: "\n"))
        }
    }

    private func show(_ rows: [(name: String, value: String)]) {
        let width = rows.map(\.name.count).max() ?? 0
        for (name, value) in rows {
            Terminal.output.print(name + String(repeating: " ", count: width - name.count + 2) + value)
        }
    }

    /// One check of `/readyz`: `{"ready", "reason"?, "details"?}`.
    private static func sentence(_ check: Document) -> String {
        if let reason = check["reason"]?.stringValue { return reason }
        guard let details = check["details"] else { return check["ready"]?.boolValue == true ? "ready" : check.text }
        if let text = details.stringValue { return text }
        return details.members.map { "\($0.name) \($0.value.stringValue ?? $0.value.text)" }.joined(separator: ", ")
    }
}
