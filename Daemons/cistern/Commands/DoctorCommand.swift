import ArgumentParser
import CisternClient
import Documents
import Glibc
import Memcached
import Redis

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a deployment, and say what to do.",
        discussion: """
            Asks Redis, the memcacheds, what the daemons say of themselves, and the poll servers; changes nothing. Run it where the daemons run, with
            their settings:

              cistern doctor
              cistern doctor --redis-url redis://10.0.0.5 --memcached memcached://10.0.0.6,memcached://10.0.0.7
              cistern doctor --redis-url redis+sentinel://10.0.0.5,10.0.0.6,10.0.0.7/cistern
              cistern doctor --server https://state.example.org --json

            Exit status: 0 all is well, 1 something should be done, 2 something is broken or can be lost.
            """)

    @Option(
        help: ArgumentHelp(
            "Redis with the log. (default: CISTERN_REDIS_URL or redis://127.0.0.1:6379)", valueName: "url"))
    var redisURL: String?

    @Option(
        help: ArgumentHelp(
            "Certificates that a rediss:// server's has to lead to. (default: CISTERN_REDIS_CA)", valueName: "file"))
    var redisCA: String?

    @Option(
        help: ArgumentHelp(
            "The memcached servers. (default: CISTERN_MEMCACHED or memcached://127.0.0.1:11211)", valueName: "list"))
    var memcached: String?

    @Option(
        help: ArgumentHelp(
            "A server to ask whether it shows what is published, instead of those that say where they are; may be given again.",
            valueName: "url"))
    var server: [String] = []

    @Option(
        help: ArgumentHelp("A token or an API key for the servers. (default: CISTERN_TOKEN)", valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp(
            "Certificates in PEM that an https server's has to lead to. (default: CISTERN_CA)", valueName: "file"))
    var ca: String?

    @Flag(help: "Also what is well.")
    var all = false

    @Flag(help: "In JSON.")
    var json = false

    func run() async throws {
        let findings = DoctorRules.findings(try await gathering().facts())
        let level = findings.map(\.level).max() ?? .ok
        if json {
            let document = Document.object([
                ("level", .string(level.word)), ("findings", .array(findings.map(\.document))),
            ])
            Terminal.output.write(document.encoded() + [UInt8(ascii: "\n")])
        } else {
            show(findings)
        }
        if level.exitStatus != 0 { throw ExitCode(level.exitStatus) }
    }

    private func gathering() throws -> Gathering {
        func setting(_ given: String?, _ name: String, _ usual: String) -> String {
            let environment = Terminal.environment(name)
            return given ?? (environment.isEmpty ? usual : environment)
        }
        var redis: RedisConfiguration
        let caches: [MemcachedAddress]
        do {
            redis = RedisConfiguration(
                address: try RedisAddress(setting(redisURL, "CISTERN_REDIS_URL", "redis://127.0.0.1:6379")))
            caches = try MemcachedAddress.list(setting(memcached, "CISTERN_MEMCACHED", "memcached://127.0.0.1:11211"))
            let file = setting(redisCA, "CISTERN_REDIS_CA", "")
            if !file.isEmpty { redis.roots = try RedisRoots(try KeyFiles.bytes(file)) }
        } catch {
            throw Failure(.usage, "\(error)")
        }
        redis.clientName = "cistern-doctor"
        let token = setting(token, "CISTERN_TOKEN", "")
        let file = setting(ca, "CISTERN_CA", "")
        let authorities = file.isEmpty ? nil : try KeyFiles.bytes(file)
        return Gathering(redis: redis, memcached: caches, servers: server) { url in
            try CisternClient(
                url: url, token: token.isEmpty ? nil : token, authorities: authorities,
                retry: RetryPolicy(deadline: .seconds(3)))
        }
    }

    private func show(_ findings: [Finding]) {
        let output = Terminal.output
        for finding in findings where all || finding.level > .ok {
            let colour: Colour =
                switch finding.level {
                case .ok: .green
                case .note: .faint
                case .warning: .yellow
                case .wrong: .red
                }
            output.print(
                "\(output.paint(finding.level.word, colour))  \(Wording.printable(finding.subject)): \(Wording.printable(finding.text))"
            )
            if let advice = finding.advice { output.print("      → \(advice)") }
        }
        let counts = [Level.wrong, .warning, .note, .ok].map { level in
            "\(findings.count { $0.level == level }) \(level.word)"
        }
        output.print(counts.joined(separator: ", "))
    }
}
