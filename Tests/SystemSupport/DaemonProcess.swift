import Foundation
import Synchronization
package import TestSupport

/// One of Cistern's programs as a process that can be stopped, killed, paused and started again at the same address.
///
/// It ends with the test process, however that ends.
package final class DaemonProcess: Sendable {
    package enum Program: String, Sendable {
        case changeBucket = "change-bucket"
        case mergeDaemon = "merge-daemon"
        case courier
        case statePoll = "state-poll"
        case front = "cistern-front"
    }

    package let program: Program
    private let options: [String]
    private let logFile: String
    /// Kept over all its lives.
    private let listener: ListeningSocket?

    private struct Life {
        var process: ChildProcess?
        /// Taken by the first life, kept by all others; 0 before.
        var port = 0
    }
    private let life = Mutex(Life())

    package init(_ program: Program, options: [String], logFile: String, listener: ListeningSocket? = nil) {
        self.listener = listener
        self.program = program
        self.options = options
        self.logFile = logFile
    }

    private var process: ChildProcess? { life.withLock { $0.process } }

    package var port: Int { life.withLock { $0.port } }
    package var url: String { "http://127.0.0.1:\(port)" }
    package var isRunning: Bool { process?.isRunning ?? false }

    /// All that it has logged, over all its lives.
    package var logged: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    /// Starts it and waits until it listens.
    package func launch() async throws {
        let before = logged.utf8.count
        let process = ChildProcess(
            executable: try Self.folder() + "/" + program.rawValue,
            arguments: options + ["--host", "127.0.0.1", "--port", "\(port)"], output: logFile, listener: listener)
        try process.launch()
        life.withLock { $0.process = process }
        try await eventually(within: .seconds(30), "\(program.rawValue) listens") {
            let news = String(decoding: logged.utf8.dropFirst(before), as: UTF8.self)
            guard process.isRunning else { return true }
            guard let line = news.split(separator: "\n").first(where: { $0.contains(": Ready ") }),
                let found = line.firstMatch(of: /address=127\.0\.0\.1:(\d+)/), let port = Int(found.1)
            else { return false }
            life.withLock { $0.port = port }
            return true
        }
        guard process.isRunning else {
            throw TestSupportError("\(program.rawValue) ended right after its start:\n\(logged)")
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    package func stop() async throws {
        askToStop()
        try await eventually(within: .seconds(30), "\(program.rawValue) stops when told to") { !isRunning }
    }

    /// Asks it to stop without waiting.
    package func askToStop() { process?.signal(SIGTERM) }

    package func kill() { process?.end(with: SIGKILL) }

    /// Makes it silent without closing anything, until `resume`.
    package func pause() { process?.signal(SIGSTOP) }
    package func resume() { process?.signal(SIGCONT) }

    /// Kills it and starts it again.
    package func restart() async throws {
        kill()
        try await launch()
    }

    /// The folder of the programs: they are built beside the tests.
    package static func folder() throws -> String {
        // On Linux the test bundle is the executable itself, or one of its arguments, depending on who runs it.
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        for candidate in [own] + CommandLine.arguments {
            var folder = URL(filePath: candidate).deletingLastPathComponent()
            while folder.pathComponents.count > 1 {
                if FileManager.default.isExecutableFile(atPath: folder.path + "/" + Program.mergeDaemon.rawValue) {
                    return folder.path
                }
                folder.deleteLastPathComponent()
            }
        }
        throw TestSupportError("The daemons are not beside the tests (\(own)): run `swift build --build-tests` first.")
    }
}
