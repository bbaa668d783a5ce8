import ArgumentParser
import CisternClient

struct WebhookTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a webhook an event to try it with, and say how that went.",
        discussion: """
            The event has the type webhook.test, and goes to this webhook alone. Prints the delivery's id, and says on standard error what came of its first
            attempt. The exit status is 1 unless that was answered with 2xx.

              cistern webhook test billing
              cistern webhook attempts "$(cistern webhook test billing)"
            """)

    @Argument(help: "The webhook.")
    var id: String

    @Option(help: ArgumentHelp("How long to wait for the first attempt; 0 does not.", valueName: "seconds"))
    var wait: Int = 20

    @OptionGroup var server: ServerOptions

    /// Between questions how it stands.
    private static let pause: Duration = .milliseconds(200)

    func validate() throws {
        guard (0...3_600).contains(wait) else { throw ValidationError("--wait takes 0 to 3600 seconds.") }
    }

    func run() async throws {
        let client = try server.client()
        let name = try await client.testWebhook(id)
        Terminal.output.print(name)
        if wait > 0 {
            let deadline = ContinuousClock.now + .seconds(wait)
            var delivery = try await client.delivery(name)
            while delivery.last == nil, !delivery.status.isOver, .now < deadline {
                try await Task.sleep(for: Self.pause)
                delivery = try await client.delivery(name)
            }
            if let failure = WebhookWording.failure(of: delivery, waited: .seconds(wait), now: WallClock.now) {
                throw failure
            }
            Terminal.error.print("“\(id)” answered \(WebhookWording.answer(delivery.last)).")
        }
        await client.shutdown()
    }
}
