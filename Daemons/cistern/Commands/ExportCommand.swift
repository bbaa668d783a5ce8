import ArgumentParser
import CisternClient
import Glibc

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the states of applications to a file.",
        discussion: """
            One JSON object a line, with everything folded in that was acknowledged when its turn came; read back with “cistern import”.

              cistern export board garden > two.ndjson
              cistern export --prefix team- --output teams.ndjson
              cistern export --all --output all.ndjson
            """)

    @Argument(help: "The applications.")
    var app: [String] = []

    @Option(help: "All whose id begins with this.")
    var prefix: String?

    @Flag(help: "All.")
    var all = false

    @Option(
        help: ArgumentHelp(
            "The file, which is there only when it is whole; standard output without it.", valueName: "file"))
    var output: String?

    @OptionGroup var server: ServerOptions

    /// States that are fetched at a time; so many are in memory.
    private static let width = 8

    func validate() throws {
        guard [!app.isEmpty, prefix != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("Name applications, or give either --prefix or --all.")
        }
    }

    func run() async throws {
        let client = try server.client()
        let file = try ExportOutput(path: output)
        try file.write(Array(ExportLine.headerText.utf8))
        var (count, gone) = (0, [String]())
        var next: [String] = []
        func flush() async throws {
            let lines = try await Self.lines(of: next, from: client)
            for (app, line) in zip(next, lines) {
                if let line { try file.write(line) } else { gone.append(app) }
                count += line == nil ? 0 : 1
            }
            next = []
        }
        func add(_ app: String) async throws {
            next.append(app)
            if next.count == Self.width { try await flush() }
        }
        if app.isEmpty {
            for try await status in client.applications(prefix: prefix ?? "") { try await add(status.application) }
        } else {
            for name in app { try await add(name) }
        }
        try await flush()
        try file.write(Array(ExportLine.endText(count).utf8))
        try file.close()
        await client.shutdown()
        Terminal.error.print("\(Wording.plural(count, "application")) exported.")
        // One of a list may have been deleted since it was listed; one that was named should be there.
        if !app.isEmpty, !gone.isEmpty {
            throw Failure(.failed, "There is no application \(gone.map { "“\($0)”" }.joined(separator: ", ")).")
        }
    }

    /// In the same order; nil for one that does not exist.
    private static func lines(of apps: [String], from client: CisternClient) async throws -> [[UInt8]?] {
        try await withThrowingTaskGroup(of: (Int, [UInt8]?).self) { group in
            for (index, app) in apps.enumerated() {
                group.addTask { (index, try await line(of: app, from: client)) }
            }
            var lines = [[UInt8]?](repeating: nil, count: apps.count)
            for try await (index, line) in group { lines[index] = line }
            return lines
        }
    }

    private static func line(of app: String, from client: CisternClient) async throws -> [UInt8]? {
        do throws(CisternError) {
            return ExportedApplication.line(app: app, try await client.application(app).state(isFresh: true))
        } catch {
            if case .refused(let problem) = error, problem.slug == "unknown-app" { return nil }
            throw error
        }
    }
}

/// Standard output, or a file that gets its name when it is whole.
private struct ExportOutput {
    private let path: String?
    private let descriptor: Int32

    init(path: String?) throws(Failure) {
        self.path = path
        guard let path else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = unsafe open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("made", path) }
    }

    func write(_ line: [UInt8]) throws(Failure) {
        guard Terminal.write(line + [UInt8(ascii: "\n")], to: descriptor) else {
            throw Self.failure("written", path ?? "-")
        }
    }

    func close() throws(Failure) {
        guard let path else { return }
        guard fsync(descriptor) == 0, Glibc.close(descriptor) == 0, unsafe rename(path + ".part", path) == 0 else {
            throw Self.failure("written", path)
        }
    }

    private static func failure(_ what: String, _ path: String) -> Failure {
        Failure(.failed, "The file \(path) cannot be \(what): \(unsafe String(cString: strerror(errno))).")
    }
}
