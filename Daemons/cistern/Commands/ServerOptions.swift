import ArgumentParser
import CisternClient
import Logging

/// Which server a command talks to, and how patiently.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server. (default: CISTERN_URL or http://127.0.0.1:8080)", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The change-bucket, if it is not at the same URL. (default: CISTERN_PUSH_URL or the value of --url)",
            valueName: "url"))
    var pushURL: String?

    @Option(
        help: ArgumentHelp(
            "A token or an API key, for servers that ask for one. Others on this machine may see it here; CISTERN_TOKEN is safer. (default: CISTERN_TOKEN)",
            valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp(
            "Certificates in PEM that an https server's has to lead to, instead of those this machine believes. (default: CISTERN_CA)",
            valueName: "file"))
    var ca: String?

    @Option(help: ArgumentHelp("How long to try again if there is no answer.", valueName: "seconds"))
    var patience: Int = 5

    func validate() throws {
        guard (0...86_400).contains(patience) else { throw ValidationError("--patience takes 0 to 86400 seconds.") }
    }

    var patienceTime: Duration { .seconds(patience) }

    /// - Parameter patience: at least this, for commands that are to survive a restart of the server.
    func client(
        patience least: Duration = .zero,
        logger: Logger = Logger(label: "cistern", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws -> CisternClient {
        let environment = { (name: String) in Terminal.environment(name).isEmpty ? nil : Terminal.environment(name) }
        return try CisternClient(
            url: url ?? environment("CISTERN_URL") ?? "http://127.0.0.1:8080",
            // A URL on the command line is not to be mixed with one of another server in the environment.
            pushURL: pushURL ?? (url == nil ? environment("CISTERN_PUSH_URL") : nil),
            token: token ?? environment("CISTERN_TOKEN"),
            authorities: try (ca ?? environment("CISTERN_CA")).map { try KeyFiles.bytes($0) },
            retry: RetryPolicy(deadline: max(least, patienceTime)), logger: logger)
    }
}
