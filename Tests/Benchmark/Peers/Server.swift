// A server of a comparison: started on the cores that it gets, ended by whoever started it, and at the latest with this process.

import Foundation
import NIOCore
import NIOPosix
import TestSupport

final class Server: Sendable {
    let name: String
    private let process: ChildProcess

    /// Starts it and waits until it answers.
    ///
    /// - Parameter isReady: throws or gives false as long as it does not.
    init(
        _ name: String, _ program: String, _ arguments: [String], cores: Cores, environment: [String: String] = [:],
        log: String, isReady: () async throws -> Bool
    ) async throws {
        self.name = name
        let words = ["-c", cores.list, "env"] + environment.map { "\($0)=\($1)" } + [program] + arguments
        process = ChildProcess(executable: "taskset", arguments: words, output: log)
        try process.launch()
        let process = process
        do {
            try await eventually("\(name) answers") {
                guard process.isRunning else { return true }
                return try await isReady()
            }
        } catch {
            process.end(with: SIGKILL)
            throw error
        }
        guard process.isRunning else { throw Wrong("\(name) ended right after its start:\n\(process.printed)") }
    }

    func stop() { process.end(with: SIGTERM) }

    func kill() { process.end(with: SIGKILL) }

    /// Whether something takes connections at this port.
    static func listens(at port: Int) async throws -> Bool {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: "127.0.0.1", port: port
        ).get()
        try await channel.close()
        return true
    }

    /// A loopback port that was free a moment ago.
    static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1", port: 0
        ).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
