import ArgumentParser
import CisternClient

struct WebhookReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send deliveries once more, with the same bytes under the same ids.",
        discussion: """
            They begin with their first attempt again. What is to be sent is kept for 14 days. For what happened while a webhook was disabled or not there
            see “cistern webhook recover”.

              cistern webhook replay msg_01f4e1b4ef9b9be0a2ee1a4a2b1f1ac9d7c
              cistern webhook replay --dead billing
            """)

    @Argument(help: ArgumentHelp("Ids of deliveries.", valueName: "delivery"))
    var deliveries: [String] = []

    @Option(help: ArgumentHelp("All dead ones of this webhook.", valueName: "webhook"))
    var dead: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard deliveries.isEmpty != (dead == nil) else {
            throw ValidationError("Name deliveries, or a webhook with --dead.")
        }
    }

    func run() async throws {
        let client = try server.client()
        if let dead {
            try await replayDead(of: dead, client)
        } else {
            for id in deliveries {
                let delivery = try await client.replayDelivery(id)
                Terminal.error.print("“\(id)” is on its way to “\(delivery.webhook)” again.")
            }
        }
        await client.shutdown()
    }

    private func replayDead(of webhook: String, _ client: CisternClient) async throws {
        // Also for the error if there is no such webhook, or it is disabled.
        if case .disabled = try await client.webhook(webhook).status {
            throw Failure(
                .failed, "“\(webhook)” is disabled.", advice: "Enable it first: cistern webhook enable \(webhook).")
        }
        var (again, expired) = (0, 0)
        for try await delivery in client.deliveries(to: webhook, status: .dead) {
            do throws(CisternError) {
                try await client.replayDelivery(delivery.id)
                again += 1
            } catch {
                guard case .refused(let problem) = error else { throw error }
                switch problem.slug {
                // Somebody else was quicker.
                case "delivery-in-flight": again += 1
                case "payload-expired", "unknown-delivery": expired += 1
                default: throw error
                }
            }
        }
        if again + expired == 0 { return Terminal.error.print("“\(webhook)” has no dead deliveries.") }
        Terminal.error.print("\(Wording.plural(again, "delivery", "deliveries")) to “\(webhook)” on the way again.")
        if expired > 0 {
            throw Failure(
                .failed,
                "\(Wording.plural(expired, "delivery", "deliveries")) cannot be sent once more: the bytes are kept for 14 days."
            )
        }
    }
}
