import ArgumentParser
import CisternClient
import Webhooks

struct WebhookAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Have a URL told what happens in some applications.",
        discussion: """
            Prints the secret that requests are signed with. It is shown this once: keep it where the receiver finds it. How signatures are checked is told at
            https://www.standardwebhooks.com; libraries there do it.

            Types: \(EventType.subscribable.map(\.rawValue).joined(separator: ", ")).

              cistern webhook add billing https://billing.example/hook --type state.changed
              cistern webhook add audit https://audit.example --app 'board*' --app garden --type change.rejected > audit.secret
              cistern webhook add jobs https://jobs.example --type operation.succeeded --type operation.dead --retry 5,60,600
              cistern webhook add billing https://new.example/hook --type state.changed --replace
            """)

    @Argument(help: "The webhook's id, which you choose.")
    var id: String

    @Argument(
        help:
            "Where it is told. To addresses that are not of the whole Internet only as far as the server's operator lets."
    )
    var target: String

    @OptionGroup var wish: SubscriptionOptions

    @Option(
        help: ArgumentHelp("The part of a state that state.changed is about, as /cards.", valueName: "pointer"))
    var path: String?

    @Option(
        help: ArgumentHelp(
            "Seconds before the second attempt and each further one, as 5,60,600; “none” for a single one. (default: ten attempts in three days)",
            valueName: "pauses"),
        transform: RetryPauses.init)
    var retry: RetryPauses?

    @Option(help: ArgumentHelp("At most so many deliveries a second. (default: as many as come)", valueName: "n"))
    var rate: Int?

    @Option(
        help: ArgumentHelp("A field that each request has besides; may be given again.", valueName: "name: value"),
        transform: HeaderOption.init)
    var header: [HeaderOption] = []

    @OptionGroup var own: OwnSecretOption

    @Flag(help: "Change the webhook if there is one of this id. Its secret stays, unless one is given.")
    var replace = false

    @Flag(help: "Print the webhook as the server tells it, in JSON, with its secret.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if wish.type.isEmpty {
            throw ValidationError("Say what it is told of, with --type; --help lists what there is.")
        }
    }

    func run() async throws {
        let secret = try await own.text()
        let wanted = NewWebhook(
            id, url: target, applications: wish.applications, eventTypes: wish.type, path: path,
            retryPauses: retry?.pauses, rateLimit: rate,
            headers: Dictionary(header.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), secret: secret)
        let client = try server.client()
        let webhook: RegisteredWebhook
        do throws(CisternError) {
            webhook = try await client.add(wanted, isReplacing: replace)
        } catch {
            throw Self.failure(error, id: id)
        }
        if json { Terminal.output.print(webhook.json.description) }
        guard let shown = webhook.secret else {
            Terminal.error.print("“\(id)” is changed; its secret \(secret == nil ? "stays" : "is yours").")
            return await client.shutdown()
        }
        Terminal.error.print("“\(id)” is made. Its requests are signed with this secret, which is not shown again:")
        if !json { Terminal.output.print(shown) }
        await client.shutdown()
    }

    private static func failure(_ error: CisternError, id: String) -> Failure {
        guard case .refused(let problem) = error, problem.slug == "precondition-failed" else { return Failure(error) }
        return Failure(
            .failed, "There is a webhook “\(id)” already.",
            advice:
                "“cistern webhook show \(id)” shows it, --replace changes it. If you have just made it and not seen its secret, “cistern webhook rotate \(id)” gives it another."
        )
    }
}
