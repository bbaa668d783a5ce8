import ArgumentParser
import CisternClient

struct WebhookDeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "List deliveries, the newest first: how each stands, and what was answered last.",
        discussion: """
            Deliveries are remembered for 16 days. Those of all webhooks take a token that administers all applications.

              cistern webhook deliveries billing
              cistern webhook deliveries --status retrying --limit 200
              cistern webhook deliveries billing --since 2h --json | jq -r 'select(.status == "dead") | .id'
            """)

    @Argument(help: "The webhook. (default: all)")
    var id: String?

    @Option(
        help: "Only those that are \(WebhookDelivery.Status.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: Self.status)
    var status: WebhookDelivery.Status?

    @Option(
        help: ArgumentHelp(
            "Only those made since then: 30s, 5m, 2h, 3d ago, or as 2026-11-21T06:00:00Z.", valueName: "time"))
    var since: PastTime?

    @Option(help: ArgumentHelp("Only those made until then, as above.", valueName: "time"))
    var until: PastTime?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int = 50

    @Flag(help: "As the server tells it, one JSON object a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    private static func status(_ text: String) throws -> WebhookDelivery.Status {
        guard let status = WebhookDelivery.Status(rawValue: text) else {
            let all = WebhookDelivery.Status.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--status takes one of \(all).")
        }
        return status
    }

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit takes 1 to 100000.") }
    }

    func run() async throws {
        let client = try server.client()
        let now = WallClock.now
        var table = Table("DELIVERY", "WEBHOOK", "STATUS", "#ATTEMPTS", "LAST ANSWER", "NEXT", "TYPE", "APP", "MADE")
        var (count, last) = (0, "")
        var hasMore = false
        for try await delivery in client.deliveries(
            to: id, status: status, since: since?.text(now: now), until: until?.text(now: now))
        {
            if count == limit {
                hasMore = true
                break
            }
            count += 1
            last = delivery.created
            if json {
                Terminal.output.print(delivery.json.description)
            } else {
                table.add(
                    delivery.id, delivery.webhook, delivery.status.rawValue, "\(delivery.attempts)",
                    WebhookWording.answer(delivery.last), WebhookWording.time(delivery.next, now: now),
                    delivery.eventType, delivery.application ?? "-", WebhookWording.time(delivery.created, now: now))
            }
        }
        if count == 0 { Terminal.error.print("There is no such delivery.") }
        if !json, count > 0 { for line in table.lines { Terminal.output.print(line) } }
        if hasMore { Terminal.error.print("There are more: raise --limit, or go on with --until \(last).") }
        await client.shutdown()
    }
}

struct WebhookAttemptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attempts", abstract: "Show a delivery, and how each of its attempts went.",
        discussion: """
            The last 30 are remembered. What an endpoint answers is not kept beyond its status.

              cistern webhook attempts msg_01f4e1b4ef9b9be0a2ee1a4a2b1f1ac9d7c
            """)

    @Argument(help: "The delivery's id, which is the webhook-id of its requests.")
    var delivery: String

    @Flag(help: "As the server tells it, one JSON object a line for each attempt.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let attempts = try await client.attempts(ofDelivery: delivery)
        if json {
            for attempt in attempts { Terminal.output.print(attempt.json.description) }
        } else {
            let now = WallClock.now
            for line in WebhookWording.lines(try await client.delivery(delivery), now: now) {
                Terminal.output.print(line)
            }
            if !attempts.isEmpty {
                var table = Table("#ATTEMPT", "AT", "ANSWER")
                for attempt in attempts {
                    table.add("\(attempt.number)", attempt.time, WebhookWording.answer(attempt))
                }
                for line in [""] + table.lines { Terminal.output.print(line) }
            }
        }
        await client.shutdown()
    }
}
