import ArgumentParser
import Glibc
import UnixSignals

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a whole server on this machine, with its data in one folder.",
        discussion: """
            Starts a private redis-server and memcached on unix sockets and Cistern's daemons, shows all their logs, and stops everything on
            Ctrl-C. What was acknowledged is kept between runs, and when the machine fails: every change is synced to disk.

              cistern up
              cistern up --port 9000 --data ./data
              cistern up --split            change-bucket on the next port

            Settings of the daemons can be given in the environment, as CISTERN_LOG_LEVEL=debug. With --split the pages push to another port: where browsers
            come from other machines, CISTERN_PAGES_PUSH_URL says how they reach it, and CISTERN_CORS_ORIGINS how they reach the pages.

            Pictures of the demo's boards are drawn by a worker. With --keys it takes a CISTERN_TOKEN that allows operate and poll for the demo's boards.
            """)

    @Option(help: "The port for clients; 0 takes a free one.")
    var port: Int = 8080

    @Option(help: "The address to listen on. Anything but loopback takes --keys or --allow-anonymous.")
    var host: String = "127.0.0.1"

    @Option(
        help: ArgumentHelp(
            "The file with the keys of those who may use the server; see “cistern token”.", valueName: "file"))
    var keys: String?

    @Flag(help: "Let in everybody who can reach the address, who may then do everything.")
    var allowAnonymous = false

    @Option(
        help: ArgumentHelp(
            "Where to keep the data. (default: CISTERN_DATA or ~/.local/share/cistern)", valueName: "folder"))
    var data: String?

    @Flag(
        help:
            "Run change-bucket and state-poll as separate processes: the state at --port, changes at the port after it."
    )
    var split = false

    @Option(help: ArgumentHelp("Largest state of an application, when the store is new (1 to 64).", valueName: "mib"))
    var stateLimit: Int = 4

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535.") }
        guard !split || port < 65_535 else {
            throw ValidationError("--split takes the port after --port too; choose a lower one.")
        }
        guard (1...64).contains(stateLimit) else { throw ValidationError("--state-limit takes 1 to 64 MiB.") }
        // As the daemons see it, who would be asked too late.
        let isLocal =
            host == "localhost" || host == "::1"
            || host.hasPrefix("127.") && host.allSatisfy { $0.isWholeNumber || $0 == "." }
        guard isLocal || asksForTokens || allowAnonymous || !Terminal.environment("CISTERN_ALLOW_ANONYMOUS").isEmpty
        else {
            throw ValidationError(
                "\(host) can be reached from other machines. Name a file of keys with --keys (“cistern token” makes them), or let everybody in with --allow-anonymous."
            )
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ValidationError("--host takes a name or an address.")
        }
        // The pages name the change-bucket by a URL, and in those of browsers there is no zone.
        guard !split || !host.contains("%") else {
            throw ValidationError(
                "With --split pages send changes to an address that browsers know, which is none with a zone, as \(host). Leave out --split, or choose another --host."
            )
        }
    }

    private var asksForTokens: Bool { keys != nil || !Terminal.environment("CISTERN_KEYS").isEmpty }

    func run() async throws {
        let programs = try Programs.find()
        let folder = DataFolder(path: data)
        try folder.create()
        let lock = try folder.lock()
        if let note = lock.note { RunFolder.left(at: note.runFolder)?.remove() }
        let port = try await Probe.freePorts(split ? 2 : 1, from: port, host: host)

        let runFolder = try RunFolder.create(in: folder)
        defer { runFolder.remove() }
        let pagesPushURL = Terminal.environment("CISTERN_PAGES_PUSH_URL")
        let stack = Stack(
            host: host, port: port, keys: keys, allowsAnonymous: allowAnonymous, isSplit: split,
            pagesPushURL: pagesPushURL.isEmpty ? nil : pagesPushURL,
            corsOrigins: Terminal.environment("CISTERN_CORS_ORIGINS").split(separator: ",").map(String.init),
            stateLimit: stateLimit, hasDemoWorker: !asksForTokens || !Terminal.environment("CISTERN_TOKEN").isEmpty,
            data: folder, run: runFolder,
            programs: programs)
        lock.write(.init(process: Int(getpid()), url: stack.url, runFolder: runFolder.path))
        let stop = Latch()
        let log = RunLog(names: Stack.names)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await Self.heedSignals(stop, log) }
            defer { group.cancelAll() }
            try await UpRun(stack: stack, log: log, stop: stop).run()
        }
        log.write("Stopped; the data is in \(folder.path)", from: "cistern")
        withExtendedLifetime(lock) {}
    }

    /// The first signal stops everything in order, the second at once.
    private static func heedSignals(_ stop: Latch, _ log: RunLog) async {
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
            if stop.isOpen {
                log.write("Told twice to stop; leaving at once", from: "cistern", isUrgent: true)
                // The others notice that we are gone, as they would if we were killed.
                Glibc.exit(128 + signal.rawValue)
            }
            stop.open()
        }
    }
}
