import Foundation

/// A real, private redis-server for one test: a unix socket in a folder of its own, no port unless asked for.
///
/// It keeps every write (`appendonly yes`, `appendfsync always`) unless told otherwise, so that a kill and a restart
/// give the data back. Use it inside `withRedis`; one that was started by `start` lives until the test process ends.
package final class TestRedis: Sendable {
    package let folder: String
    package let socketPath: String
    /// The loopback port, if one was asked for.
    package let port: Int?

    private let process: ChildProcess
    private let privateFolder: PrivateFolder
    private let password: String?

    private init(options: [String: String], tcp: Bool, primary: TestRedis?, clock: TestClock?) throws {
        let executable = try ChildProcess.find("redis-server", package: "redis-server")
        privateFolder = try PrivateFolder("redis")
        folder = privateFolder.path
        socketPath = "\(folder)/redis.sock"
        port = tcp ? try freeLoopbackPort() : nil
        password = options["requirepass"]

        var settings = [
            "port": "\(port ?? 0)", "bind": "127.0.0.1", "unixsocket": socketPath, "unixsocketperm": "700",
            "dir": folder, "daemonize": "no", "save": "", "appendonly": "yes", "appendfsync": "always",
            "lazyfree-lazy-expire": "yes", "enable-debug-command": "yes",
        ]
        if let primary {
            guard let primaryPort = primary.port else {
                throw TestSupportError("A replica needs a primary with a port: start the primary with tcp: true.")
            }
            settings["replicaof"] = "127.0.0.1 \(primaryPort)"
        }
        settings.merge(options) { _, given in given }
        var arguments: [String] = []
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let values = name == "replicaof" ? value.split(separator: " ").map(String.init) : [value]
            arguments += ["--\(name)"] + values
        }
        process = ChildProcess(
            executable: clock == nil ? executable : "/usr/bin/env",
            arguments: (clock.map { $0.environment + [executable] } ?? []) + arguments, output: "\(folder)/redis.log")
    }

    /// Starts a server and waits until it answers PING.
    ///
    /// - Parameters:
    ///   - options: settings as in redis.conf, which override the defaults above.
    ///   - tcp: listen on a free loopback port too.
    ///   - primary: start as a replica of this one, which must have a port.
    ///   - clock: what it takes for the time of day.
    package static func start(
        options: [String: String] = [:], tcp: Bool = false, replicaOf primary: TestRedis? = nil, clock: TestClock? = nil
    ) async throws -> TestRedis {
        let redis = try TestRedis(options: options, tcp: tcp, primary: primary, clock: clock)
        try await redis.launch()
        return redis
    }

    /// `unix:///…/redis.sock`
    package var url: String { "unix://\(socketPath)" }

    /// `redis://127.0.0.1:port`; nil without a port.
    package var tcpURL: String? { port.map { "redis://127.0.0.1:\($0)" } }

    package var isRunning: Bool { process.isRunning }

    /// Starts the process again after `stop` or `kill`, with the same data, socket and port.
    package func launch() async throws {
        try process.launch()
        try await eventually("redis-server answers PING") {
            guard process.isRunning else { return true }
            return try command("PING") == "PONG"
        }
        guard process.isRunning else {
            throw TestSupportError("redis-server ended right after its start:\n\(process.printed)")
        }
    }

    /// Ends it in the ordinary way (SIGTERM) and waits.
    package func stop() { process.end(with: SIGTERM) }

    /// Ends it as a power cut would (SIGKILL) and waits.
    package func kill() { process.end(with: SIGKILL) }

    /// Makes it silent without closing anything (SIGSTOP), until `resume`.
    package func pause() { process.signal(SIGSTOP) }

    package func resume() { process.signal(SIGCONT) }

    /// Makes every write fail by which a file becomes longer than this, until the next start.
    package func limitFiles(to bytes: Int) { process.limitFiles(to: bytes) }

    /// Stops it and starts it again with the same data, socket and port.
    package func restart() async throws {
        stop()
        try await launch()
    }

    /// Sends one command on a connection of its own and gives the reply as `redis-cli` would print it raw: bulk and
    /// simple strings as they are, integers in decimal, null as the empty string, arrays one element a line, errors
    /// with their `-` in front.
    @discardableResult
    package func command(_ arguments: String...) throws -> String {
        try command(arguments)
    }

    @discardableResult
    package func command(_ arguments: [String]) throws -> String {
        let connection = try RESPSocket(to: .unixSocket(path: socketPath), timeout: .seconds(5))
        if let password { _ = try connection.command(["AUTH", password]) }
        return try connection.command(arguments)
    }

    /// The file to which new changes are appended (the incremental part of the append-only file).
    package func appendOnlyFile() throws -> String {
        let directory = "\(folder)/appendonlydir"
        let parts = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".incr.aof") }
        guard let last = parts.max(by: { $0.compare($1, options: .numeric) == .orderedAscending }) else {
            throw TestSupportError("There is no incremental append-only file in \(directory).")
        }
        return "\(directory)/\(last)"
    }

    /// Cuts bytes off the end of the append-only file, as a torn write does. Only while the server is stopped.
    package func cutAppendOnlyFile(bytes: Int) throws {
        guard !process.isRunning else { throw TestSupportError("Stop the server before its append-only file is cut.") }
        let path = try appendOnlyFile()
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let size = (attributes[.size] as? Int) ?? 0
        guard bytes <= size, unsafe truncate(path, size - bytes) == 0 else {
            throw TestSupportError("\(path) has \(size) bytes; \(bytes) could not be cut off.")
        }
    }

    /// Ends the process and removes its folder.
    package func remove() {
        process.end(with: SIGKILL)
        privateFolder.remove()
    }
}

/// Runs the body with a private redis-server and removes it afterwards.
package func withRedis<Value>(
    options: [String: String] = [:], tcp: Bool = false, replicaOf primary: TestRedis? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestRedis) async throws -> Value
) async throws -> Value {
    let redis = try await TestRedis.start(options: options, tcp: tcp, replicaOf: primary)
    defer { redis.remove() }
    return try await body(redis)
}
