import HTTPService
import Logging
import Memcached
import RateLimits
import Redis
import Testing

@testable import Daemon

@Suite("Settings")
struct SettingTests {
    private let table =
        Settings.process + Settings.listener + Settings.limits + Settings.store + Settings.bucket + Settings.merging
        + Settings.polling

    private func values(_ arguments: String..., environment: [String: String] = [:]) throws(ConfigurationError)
        -> SettingValues
    {
        try SettingValues(table, arguments: arguments, environment: environment)
    }

    @Test("Without flags and variables the defaults hold")
    func defaults() throws {
        let configuration = DaemonConfiguration(try values())
        #expect(configuration.address == .host("127.0.0.1", port: 8080))
        #expect(configuration.address.isLocal)
        #expect(configuration.redis == RedisAddress(.tcp(host: "127.0.0.1", port: 6379)))
        #expect(configuration.memcached == [.tcp(host: "127.0.0.1", port: 11211)])
        #expect(configuration.partitions == 64)
        #expect(configuration.stateLimit == 4 << 20)
        #expect(configuration.repeatWindow == .seconds(86_400))
        #expect(configuration.backlogChanges == 10_000)
        #expect(configuration.backlogBytes == 64 << 20)
        #expect(configuration.partitionBytes == 256 << 20)
        #expect(configuration.checkpointChanges == 1_000)
        #expect(configuration.checkpointAfter == .seconds(1))
        #expect(configuration.tableMemory == 256 << 20)
        #expect(configuration.documentsMemory == 1 << 30)
        #expect(configuration.pollInterval == .milliseconds(250))
        #expect(configuration.waitingClients == 100_000)
        #expect(configuration.presenceDocument == 4 << 10)
        #expect(configuration.presenceClients == 1_000)
        #expect(configuration.presenceMemory == 64 << 20)
        #expect(configuration.logLevel == .info)
        #expect(!configuration.exitWithParent)
    }

    @Test(
        "Every default can be written and read again",
        arguments: Settings.process + Settings.listener + Settings.store + Settings.bucket + Settings.merging
            + Settings.polling)
    func roundTrip(setting: SettingDescription) throws {
        if !setting.defaultText.isEmpty { try setting.check(setting.defaultText) }
    }

    @Test("A flag wins over a variable, and a variable over the default")
    func precedence() throws {
        let environment = ["CISTERN_PORT": "9000", "CISTERN_PARTITIONS": "16", "PORT": "1"]
        let values = try values("--port", "7000", environment: environment)
        #expect(values.value(Settings.port) == 7000)
        #expect(values.value(Settings.partitions) == 16)
        #expect(values.value(Settings.host) == "127.0.0.1")
    }

    @Test("Values may follow their flag or an equals sign, and keep their commas")
    func spellings() throws {
        let values = try values(
            "--redis-url=redis://u:a,b=c@h:1/2", "--memcached", "memcached://a,memcached://b", "--exit-with-parent",
            "--cors-origins", "https://a.org,http://localhost:5173", "--socket=/run/c.sock")
        #expect(values.value(Settings.redisURL).password == "a,b=c")
        #expect(values.value(Settings.memcached) == [.tcp(host: "a", port: 11211), .tcp(host: "b", port: 11211)])
        #expect(values.value(Settings.exitWithParent))
        #expect(values.value(Settings.corsOrigins) == ["https://a.org", "http://localhost:5173"])
        #expect(DaemonConfiguration(values).address == .unix(path: "/run/c.sock"))
    }

    @Test("A server's URL is taken without the slash at its end, and its origin without its path")
    func publicURL() throws {
        let values = try values("--pages-push-url", "https://Push.example.org:8443/a/b/")
        let url = try #require(values.value(Settings.pagesPushURL))
        #expect(url.text == "https://Push.example.org:8443/a/b" && url.origin == "https://Push.example.org:8443")
        #expect(PublicURL("http://[::1]:9001")?.origin == "http://[::1]:9001")
        for text in [
            "", "http://", "http://a b", "http://u@h", "http://h\"", "http://h/a;b", "http://h/'", "//h", "http://h,i",
        ] {
            #expect(PublicURL(text) == nil, "\(text)")
        }
    }

    @Test("A variable that is set to nothing counts as absent")
    func emptyVariable() throws {
        #expect(try values(environment: ["CISTERN_PORT": ""]).value(Settings.port) == 8080)
    }

    @Test(
        "Mistakes in the shape of the command line are named",
        arguments: [
            (["--prot", "1"], ConfigurationError.unknownFlag("--prot", similar: "--port")),
            (["--nonsense"], .unknownFlag("--nonsense", similar: nil)),
            (["--port"], .missingValue(flag: "--port")),
            (["--port", "--host", "x"], .missingValue(flag: "--port")),
            (["--exit-with-parent=yes"], .unwantedValue(flag: "--exit-with-parent")),
            (["--port", "1", "--port=2"], .repeated(flag: "--port")),
            (["start"], .unexpectedArgument("start")),
            (["--port", "1", "2"], .unexpectedArgument("2")),
            (["-p", "1"], .unknownFlag("-p", similar: nil)),
        ])
    func shape(arguments: [String], expected: ConfigurationError) {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingValues(table, arguments: arguments, environment: [:])
        }
        #expect(error == expected)
        #expect(error?.exitCode == .usage)
    }

    @Test(
        "A value that is not allowed is named with its source and with what is",
        arguments: [
            ("--port=65536", "--port cannot be “65536”. It takes a whole number from 0 to 65535."),
            ("--port=x", "--port cannot be “x”."), ("--state-limit=1GiB", "from 1KiB to 64MiB"),
            ("--state-limit=4MB", "KiB, MiB or GiB"),
            ("--repeat-window=1s", "from 1m to 30d"), ("--repeat-window=24", "as 250ms, 1s, 5m, 24h or 30d"),
            ("--log-level=loud", "trace, debug, info"), ("--cors-origins=https://a.org/", "https://app.example.org"),
            ("--redis-url=http://x", "its scheme is none of"), ("--memcached=x", "memcached://"),
            ("--socket=here", "absolute path"), ("--pages-push-url=ftp://x", "an http or https URL"),
            ("--pages-push-url=http://x;script-src", "http or https"),
            ("--pages-push-url=http://x/?q", "without query"),
        ])
    func notAllowed(argument: String, part: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingValues(table, arguments: [argument], environment: [:])
        }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "-")")
        #expect(error?.exitCode == .configuration)
    }

    @Test("A mistake in a variable names the variable, and never shows a password")
    func variable() {
        let environment = ["CISTERN_REDIS_URL": "redisx://me:secret@h"]
        let error = #expect(throws: ConfigurationError.self) { try values(environment: environment) }
        #expect(
            error?.description.hasPrefix("CISTERN_REDIS_URL cannot be “redisx://…@h”.") == true,
            "\(error?.description ?? "-")")
    }

    @Test("A program without a setting uses its default, whatever the environment says")
    func otherProgram() throws {
        let values = try SettingValues(Settings.process, arguments: [], environment: ["CISTERN_PORT": "not for me"])
        #expect(values.value(Settings.port) == 8080)
    }

    @Test("Help names every setting with its default, within the width of a terminal")
    func help() {
        let text = HelpText(program: "change-bucket", summary: "takes changes.", table: table).description
        for setting in table { #expect(text.contains("  \(setting.flag)")) }
        #expect(text.contains("(default: 64MiB)"))
        #expect(text.contains("(default: redis://127.0.0.1:6379)"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
}

@Suite("Notations")
struct NotationTests {
    @Test(
        "Sizes are written with the largest unit that fits",
        arguments: [(0, "0"), (1_023, "1023"), (1 << 10, "1KiB"), (3 << 19, "1536KiB"), (1 << 30, "1GiB")])
    func sizes(bytes: Int, text: String) {
        #expect(SizeNotation.write(bytes) == text)
        #expect(SizeNotation.read(text) == bytes)
    }

    @Test(
        "What is no size is none", arguments: ["", "KiB", "-1", "1.5MiB", "1 MiB", "1TiB", "9999999999999GiB", "1kib"])
    func noSize(text: String) { #expect(SizeNotation.read(text) == nil) }

    @Test(
        "Times are written with the largest unit that fits",
        arguments: [
            (Duration.milliseconds(250), "250ms"), (.seconds(1), "1s"), (.seconds(90), "90s"), (.seconds(86_400), "1d"),
            (.zero, "0ms"),
        ])
    func times(time: Duration, text: String) {
        #expect(TimeNotation.write(time) == text)
        #expect(TimeNotation.read(text) == time)
    }

    @Test(
        "Rates are numbers by second, minute or hour, and say how many may come at once",
        arguments: [
            ("50/s", RateLimit(50)), ("50/s:200", RateLimit(50, burst: 200)),
            ("600/m", RateLimit(600, per: .seconds(60))),
            ("20/h:1", RateLimit(20, per: .seconds(3_600), burst: 1)), ("1000000/s", RateLimit(1_000_000)),
        ])
    func rates(text: String, rate: RateLimit) throws {
        #expect(try Settings.clientPushes.kind.read(text) == rate)
    }

    @Test(
        "What is no rate is none",
        arguments: [
            "", "5", "0/s", "5/d", "/s", "5/s:", "5/s:0", ":5", "5/s:5:5", "-1/s", "1.5/s", "1000001/s", "5 /s",
        ])
    func noRates(text: String) {
        #expect(throws: SettingProblem.self) { try Settings.clientPushes.kind.read(text) }
    }

    @Test("What is no time is none", arguments: ["", "5", "ms", "-1s", "1.5s", "1 s", "1w", "99999999999999999d"])
    func noTime(text: String) { #expect(TimeNotation.read(text) == nil) }
}

@Suite struct CoreCountTests {
    @Test(arguments: [
        ("Name:\tx\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n", 1), ("Cpus_allowed:\tff,ffffffff\n", 40),
        ("Cpus_allowed:\t0000000a\n", 2),
    ])
    func `The cores that affinity leaves are counted`(status: String, cores: Int) {
        #expect(CoreCount.affine(status: status) == cores)
    }

    @Test func `Without a mask nothing is said about affinity`() {
        #expect(CoreCount.affine(status: "Name:\tx\n") == nil)
    }
}
