import ArgumentParser
import CisternClient

struct WebhookRecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Send a webhook what it has missed.",
        discussion: """
            That is what was skipped while it was disabled, what is dead, and what happened before it was there; of states the last versions. Couriers work on
            it: this prints the id of an operation of the application cistern~webhooks.

              cistern webhook recover billing --since 2h
              cistern webhook recover billing --since 2026-11-21T06:00:00Z --until 2026-11-21T08:00:00Z --wait
            """)

    @Argument(help: "The webhook.")
    var id: String

    @Option(
        help: ArgumentHelp(
            "Of what happened since then: 30s, 5m, 2h, 3d ago, or as 2026-11-21T06:00:00Z; 14 days ago at most.",
            valueName: "time"))
    var since: PastTime

    @Option(help: ArgumentHelp("Of what happened until then, as above. (default: now)", valueName: "time"))
    var until: PastTime?

    @Flag(help: "Send what did arrive, too.")
    var all = false

    @Flag(help: "Wait until all of it is on its way, and print how much that is instead of the operation's id.")
    var wait = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(patience: wait ? .seconds(60) : .zero)
        let now = WallClock.now
        let operation = try await client.recoverWebhook(
            id, since: since.text(now: now), until: until?.text(now: now), includingArrived: all)
        if wait {
            try await OperationWait(application: client.application(operation.application)).run(operation.id)
            Terminal.output.print("")
        } else {
            Terminal.output.print(operation.id)
            Terminal.error.print("“cistern operation wait \(operation.application) \(operation.id)” waits for it.")
        }
        await client.shutdown()
    }
}
