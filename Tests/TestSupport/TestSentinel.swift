import Foundation

/// A real Redis Sentinel on a loopback port of its own, which watches one primary. It takes a server for dead that is
/// silent for a second and a half: on a busy machine every process is silent for half of that now and then.
package final class TestSentinel: Sendable {
    package let port: Int
    private let process: ChildProcess
    private let folder: PrivateFolder
    private let password: String?

    /// - Parameters:
    ///   - primaryPort: where it looks for the primary, if that is not its ordinary port.
    ///   - quorum: how many have to find the primary dead.
    ///   - password: its own.
    ///   - settings: further lines of sentinel.conf.
    package static func start(
        watching primary: TestRedis, at primaryPort: Int? = nil, quorum: Int = 1, password: String? = nil,
        settings: [String] = []
    ) async throws -> TestSentinel {
        let sentinel = try TestSentinel(
            watching: primary, at: primaryPort ?? primary.port, quorum: quorum, password: password, settings: settings)
        try await sentinel.launch()
        return sentinel
    }

    /// What the primary is called.
    package static let name = "cistern"

    private init(
        watching primary: TestRedis, at primaryPort: Int?, quorum: Int, password: String?, settings: [String]
    ) throws {
        guard let primaryPort else {
            throw TestSupportError("A sentinel needs a primary with a port: start the primary with tcp: true.")
        }
        folder = try PrivateFolder("sentinel")
        port = try freeLoopbackPort()
        self.password = password
        // Sentinel writes into its file what it has learnt.
        let lines =
            [
                "port \(port)", "bind 127.0.0.1", "dir \(folder.path)", "logfile \"\"",
                "sentinel monitor \(Self.name) 127.0.0.1 \(primaryPort) \(quorum)",
                "sentinel down-after-milliseconds \(Self.name) 1500",
                "sentinel failover-timeout \(Self.name) 3000",
            ] + (password.map { ["requirepass \($0)"] } ?? []) + settings
        let file = "\(folder.path)/sentinel.conf"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        process = ChildProcess(
            executable: try ChildProcess.find("redis-server", package: "redis-server"),
            arguments: [file, "--sentinel"], output: "\(folder.path)/sentinel.log")
    }

    package func launch() async throws {
        try process.launch()
        try await eventually("the sentinel answers") {
            guard process.isRunning else { return true }
            return try command("PING") == "PONG"
        }
        guard process.isRunning else {
            throw TestSupportError("a sentinel ended right after its start:\n\(process.printed)")
        }
    }

    /// The port of the primary, as this sentinel knows it.
    package func primary() throws -> Int? {
        let lines = try command("SENTINEL", "get-master-addr-by-name", Self.name).split(separator: "\n")
        return lines.count == 2 ? Int(lines[1]) : nil
    }

    @discardableResult
    package func command(_ arguments: String...) throws -> String {
        let connection = try RESPSocket(to: .loopback(port: port), timeout: .seconds(5))
        if let password { _ = try connection.command(["AUTH", password]) }
        return try connection.command(arguments)
    }

    package func kill() { process.end(with: SIGKILL) }
    package func pause() { process.signal(SIGSTOP) }
    package func resume() { process.signal(SIGCONT) }
    package var printed: String { process.printed }

    package func remove() {
        process.end(with: SIGKILL)
        folder.remove()
    }
}
