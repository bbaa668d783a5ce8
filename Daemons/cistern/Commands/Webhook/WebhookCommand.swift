import ArgumentParser
import CisternClient

struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Have servers told that do not poll, and see what became of it.",
        discussion: """
            A webhook is a URL that is told what happens in some applications, with signed requests, again and again until they arrive. To see such requests
            on this machine use “cistern listen”.

              cistern webhook add billing https://billing.example/hook --app 'board*' --type state.changed
              cistern webhook test billing
              cistern webhook deliveries billing --status dead
              cistern webhook replay --dead billing
              cistern webhook recover billing --since 2h
            """,
        subcommands: [
            WebhookAddCommand.self, WebhookListCommand.self, WebhookShowCommand.self, WebhookTestCommand.self,
            WebhookDeliveriesCommand.self, WebhookAttemptsCommand.self, WebhookReplayCommand.self,
            WebhookRecoverCommand.self, WebhookEnableCommand.self, WebhookDisableCommand.self,
            WebhookRotateCommand.self, WebhookRemoveCommand.self,
        ])
}

struct WebhookEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Send to a webhook again that was disabled.",
        discussion: """
            What happened meanwhile is sent by “cistern webhook recover”.

              cistern webhook enable billing
            """)

    @Argument(help: "The webhook.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        Terminal.error.print(WebhookWording.sentence(try await client.enableWebhook(id)))
        await client.shutdown()
    }
}

struct WebhookDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Send nothing to a webhook until it is enabled.",
        discussion: """
            What happens meanwhile is kept as skipped deliveries, for 14 days.

              cistern webhook disable billing
            """)

    @Argument(help: "The webhook.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        Terminal.error.print(WebhookWording.sentence(try await client.disableWebhook(id)))
        await client.shutdown()
    }
}

struct WebhookRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a webhook: its secrets, and what waits for it.",
        discussion: """
            There is no way back: deliveries that wait are discarded, and a webhook that is added later is another one, with another secret.

              cistern webhook remove billing
              cistern webhook remove billing --yes
            """)

    @Argument(help: "The webhook.")
    var id: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        if !yes {
            let webhook = try await client.webhook(id)
            try Confirmation.ask("Remove “\(id)” (\(Wording.printable(webhook.url)))", name: id, what: "removed")
        }
        try await client.removeWebhook(id)
        Terminal.error.print("“\(id)” is removed.")
        await client.shutdown()
    }
}
