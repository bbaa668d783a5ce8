import ArgumentParser
import CisternClient

struct WebhookRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a webhook another secret.",
        discussion: """
            Prints the new secret, which is not shown again. Until the grace is over requests are signed with both, so that a receiver may change over when it
            likes.

              cistern webhook rotate billing > billing.secret
              cistern webhook rotate billing --grace 0             the old one is known to others
            """)

    @Argument(help: "The webhook.")
    var id: String

    @Option(help: ArgumentHelp("For how long the old secret signs, too; 30 days at most.", valueName: "seconds"))
    var grace: Int = 86_400

    @OptionGroup var own: OwnSecretOption

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (0...2_592_000).contains(grace) else { throw ValidationError("--grace takes 0 to 2592000 seconds.") }
    }

    func run() async throws {
        let secret = try await own.text()
        let client = try server.client()
        let webhook = try await client.rotateSecret(ofWebhook: id, to: secret, grace: .seconds(grace))
        let old =
            grace == 0
            ? "The old one does not sign any more" : "The old one signs, too, for \(Wording.seconds(.seconds(grace)))"
        Terminal.error.print("“\(id)” has a new secret, which is not shown again. \(old).")
        if let secret = webhook.secret { Terminal.output.print(secret) }
        await client.shutdown()
    }
}
