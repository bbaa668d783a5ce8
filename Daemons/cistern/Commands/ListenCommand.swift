import ArgumentParser
import CisternClient
import UnixSignals
import Webhooks

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Receive webhooks on this machine, check them, and show them.",
        discussion: """
            Makes a webhook at the server that points to this machine, shows what it is told, a line for each delivery, and removes it at the end, on Ctrl-C. With
            --secret it makes none, and receives what another webhook sends here.

              cistern listen
              cistern listen --app 'board*' --type state.changed --body
              cistern listen --fail 2                              the first two attempts of each get 503
              cistern listen --port 9900 --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw

            Requests are checked as Standard Webhooks has it. Refused are with 400 what lacks a field, with 401 what is not signed with the secret, or was sent more
            than five minutes ago; shown as a repeat is what was taken before.

            Couriers send to this machine only where their operator lets them (--webhook-networks), as “cistern up” does. For others give the URL of a tunnel to here
            as --public-url. If this is killed without a chance to clean up, “cistern webhook remove” removes what it has left.
            """)

    @OptionGroup var wish: SubscriptionOptions

    @Option(
        help: ArgumentHelp(
            "Make no webhook; check with this secret. May be given again. Others on this machine may see it here; CISTERN_WEBHOOK_SECRET is safer.",
            valueName: "secret"),
        transform: Self.secret)
    var secret: [WebhookSecret] = []

    @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
    var port: Int = 0

    @Option(
        help: ArgumentHelp("How couriers reach this, if not as 127.0.0.1: the other end of a tunnel.", valueName: "url")
    )
    var publicURL: String?

    @Option(help: ArgumentHelp("What deliveries are answered (200 to 599).", valueName: "code"))
    var status: Int = 200

    @Option(help: ArgumentHelp("Answer the first attempts of each delivery with 503.", valueName: "n"))
    var fail: Int = 0

    @Option(help: ArgumentHelp("Answer so late; couriers wait 15.", valueName: "seconds"))
    var delay: Double = 0

    @Flag(help: "Show bodies whole.")
    var body = false

    @Flag(help: "Print a JSON object a line.")
    var json = false

    @Option(help: ArgumentHelp("End after so many deliveries that were believed. (default: never)", valueName: "n"))
    var count: Int?

    @OptionGroup var server: ServerOptions

    private static func secret(_ text: String) throws -> WebhookSecret {
        do { return try WebhookSecret(text) } catch { throw ValidationError(error.message) }
    }

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535.") }
        guard (200...599).contains(status) else { throw ValidationError("--status takes 200 to 599.") }
        guard (0...100).contains(fail) else { throw ValidationError("--fail takes 0 to 100.") }
        guard (0...600).contains(delay) else { throw ValidationError("--delay takes 0 to 600 seconds.") }
        if let count, count < 1 { throw ValidationError("--count takes 1 or more.") }
        if body, json { throw ValidationError("--body and --json are two ways to show the same; choose one.") }
        if !secret.isEmpty, !wish.app.isEmpty || !wish.type.isEmpty || publicURL != nil {
            throw ValidationError(
                "--app, --type and --public-url are of the webhook that this makes; with --secret it makes none.")
        }
    }

    func run() async throws {
        var secrets = secret
        if secrets.isEmpty, let text = Terminal.environment(WebhookWording.secretVariable).nonEmpty {
            do { secrets = [try WebhookSecret(text)] } catch {
                throw Failure(.usage, "CISTERN_WEBHOOK_SECRET is none: \(error.message)")
            }
        }
        // From here on nothing ends this before what it has made is removed.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let listener = try await Listener.bind(port: port)
        let url = "http://127.0.0.1:\(listener.port)/"
        guard secrets.isEmpty else {
            Terminal.error.print("Listening at \(url)")
            return try await receive(listener, secrets, until: signals)
        }
        let client = try server.client()
        let webhook = try await makeWebhook(at: publicURL ?? url, client)
        let types = wish.type.isEmpty ? "all that happens" : wish.type.joined(separator: ", ")
        Terminal.error.print(
            "Listening at \(url) as the webhook “\(webhook.id)”: \(types) in \(wish.applications == ["*"] ? "all applications" : wish.applications.joined(separator: ", ")). Ctrl-C ends it."
        )
        do { try await receive(listener, [webhook.secret], until: signals) } catch {
            await webhook.remove()
            throw error
        }
        await webhook.remove()
        await client.shutdown()
    }

    private func makeWebhook(at url: String, _ client: CisternClient) async throws -> TemporaryWebhook {
        do {
            return try await TemporaryWebhook.make(
                at: url, applications: wish.applications, types: wish.type, by: client)
        } catch CisternError.refused(let problem) where problem.slug == "url-forbidden" && publicURL == nil {
            throw Failure(
                .failed, "\(problem)",
                advice:
                    "“cistern up” lets webhooks come to this machine; elsewhere its operator does, with --webhook-networks 127.0.0.0/8. Or give the URL of a tunnel to here as --public-url."
            )
        }
    }

    /// Until there is a signal, or the count is full.
    private func receive(_ listener: Listener, _ secrets: [WebhookSecret], until signals: UnixSignalsSequence)
        async throws
    {
        let board = ReceptionBoard(
            Reception(secrets: secrets, choice: AnswerChoice(status: status, failures: fail)),
            form: json ? .json : body ? .body : .line, delay: .seconds(delay), count: count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.serve { try await board.answer($0) } }
            group.addTask { await board.isFull.wait() }
            group.addTask { for await _ in signals { return } }
            // A cancelled server ends with an error that nobody has to hear of.
            try await group.next()
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
    }
}
