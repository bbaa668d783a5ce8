import ArgumentParser
import CisternClient

struct WebhookListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the webhooks that you may administer.",
        discussion: """
              cistern webhook list
              cistern webhook list --json | jq -r 'select(.status == "disabled") | .id'
            """)

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let webhooks = try await client.webhooks()
        await client.shutdown()
        if json {
            for webhook in webhooks { Terminal.output.print(webhook.json.description) }
            return
        }
        guard !webhooks.isEmpty else {
            return Terminal.error.print("There is no webhook. “cistern webhook add” makes one.")
        }
        var table = Table("WEBHOOK", "STATUS", "APPS", "TYPES", "URL")
        for webhook in webhooks {
            table.add(
                webhook.id, WebhookWording.status(webhook, now: WallClock.now),
                webhook.applications.joined(separator: ","),
                Wording.cut(webhook.eventTypes.joined(separator: ","), to: 40), Wording.cut(webhook.url, to: 80))
        }
        for line in table.lines { Terminal.output.print(line) }
    }
}

struct WebhookShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a webhook: what it is told of, where, and how it stands.",
        discussion: """
            Its secret is not shown; “cistern webhook rotate” gives it another.

              cistern webhook show billing
              cistern webhook show billing --json | jq .retry
            """)

    @Argument(help: "The webhook.")
    var id: String

    @Flag(help: "As the server tells it, in JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let webhook = try await client.webhook(id)
        await client.shutdown()
        let lines =
            json ? [webhook.json.description] : WebhookWording.lines(webhook, now: WallClock.now)
        for line in lines { Terminal.output.print(line) }
    }
}
