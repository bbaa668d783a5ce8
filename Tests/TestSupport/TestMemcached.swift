import Foundation

/// A real, private memcached for one test, on a unix socket of its own or on a free loopback port.
///
/// Use it inside `withMemcached`; one that was started by `start` lives until the test process ends.
package final class TestMemcached: Sendable {
    package let folder: String
    package let endpoint: Endpoint

    private let process: ChildProcess
    private let privateFolder: PrivateFolder

    private init(options: [String], tcp: Bool) throws {
        let executable = try ChildProcess.find("memcached", package: "memcached")
        privateFolder = try PrivateFolder("memcached")
        folder = privateFolder.path
        var arguments = options
        if tcp {
            let port = try freeLoopbackPort()
            endpoint = .loopback(port: port)
            arguments += ["-l", "127.0.0.1", "-p", "\(port)", "-U", "0"]
        } else {
            endpoint = .unixSocket(path: "\(folder)/memcached.sock")
            arguments += ["-s", "\(folder)/memcached.sock", "-a", "0700"]
        }
        // memcached refuses to run as root unless it is told to.
        if getuid() == 0 { arguments += ["-u", "root"] }
        process = ChildProcess(executable: executable, arguments: arguments, output: "\(folder)/memcached.log")
    }

    /// Starts a server and waits until it tells its version.
    ///
    /// - Parameter options: further arguments, for example `["-I", "8m", "-m", "64"]`.
    package static func start(options: [String] = [], tcp: Bool = false) async throws -> TestMemcached {
        let memcached = try TestMemcached(options: options, tcp: tcp)
        try await memcached.launch()
        return memcached
    }

    /// The path of the socket, or `127.0.0.1:port`.
    package var address: String {
        switch endpoint {
        case .unixSocket(let path): path
        case .loopback(let port): "127.0.0.1:\(port)"
        }
    }

    package var isRunning: Bool { process.isRunning }

    /// Starts the process again after `kill`, on the same address and empty.
    package func launch() async throws {
        if case .unixSocket(let path) = endpoint { try? FileManager.default.removeItem(atPath: path) }
        try process.launch()
        try await eventually("memcached tells its version") {
            guard process.isRunning else { return true }
            return try command("version").hasPrefix("VERSION")
        }
        guard process.isRunning else {
            throw TestSupportError("memcached ended right after its start:\n\(process.printed)")
        }
    }

    package func stop() { process.end(with: SIGTERM) }
    package func kill() { process.end(with: SIGKILL) }
    package func pause() { process.signal(SIGSTOP) }
    package func resume() { process.signal(SIGCONT) }

    /// Ends it and starts it again, empty, on the same address.
    package func restart() async throws {
        kill()
        try await launch()
    }

    /// Sends one line on a connection of its own and gives the first line of the answer.
    @discardableResult
    package func command(_ line: String) throws -> String {
        let socket = try BlockingSocket(to: endpoint, timeout: .seconds(5))
        try socket.write(Array("\(line)\r\n".utf8))
        return try socket.readLine()
    }

    /// Forgets every item.
    package func flush() throws { try command("flush_all") }

    /// Ends the process and removes its folder.
    package func remove() {
        process.end(with: SIGKILL)
        privateFolder.remove()
    }
}

/// Runs the body with a private memcached and removes it afterwards.
package func withMemcached<Value>(
    options: [String] = [], tcp: Bool = false,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestMemcached) async throws -> Value
) async throws -> Value {
    let memcached = try await TestMemcached.start(options: options, tcp: tcp)
    defer { memcached.remove() }
    return try await body(memcached)
}
