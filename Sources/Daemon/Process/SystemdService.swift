// Keeps systemd informed for as long as the daemon runs: ready, alive, stopping.

import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle

struct SystemdService: Service {
    private let socket: NotifySocket?
    /// Time between signs of life; nil if systemd does not want any.
    let watchdogInterval: Duration?

    init(environment: [String: String]) {
        socket = NotifySocket(environment: environment)
        watchdogInterval = Self.watchdogInterval(environment, processID: Int(getpid()))
    }

    /// Half of what systemd waits, as sd_watchdog_enabled(3) recommends.
    static func watchdogInterval(_ environment: [String: String], processID: Int) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        // The variables are inherited; they count for the process they name.
        if let owner = environment["WATCHDOG_PID"], owner != String(processID) { return nil }
        return .microseconds(microseconds / 2)
    }

    func ready(_ status: String) {
        // A newline would begin another assignment.
        socket?.send("READY=1\nSTATUS=\(status.replacing("\n", with: " "))\n")
    }

    func run() async throws {
        guard let socket else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            guard let watchdogInterval else {
                try? await gracefulShutdown()
                return
            }
            while !Task.isCancelled {
                await Self.everyEventLoopTurns()
                socket.send("WATCHDOG=1\n")
                try? await Task.sleep(for: watchdogInterval)
            }
        }
        socket.send("STOPPING=1\n")
    }

    /// Returns once each event loop has run something. A loop that hangs keeps the sign of life from being sent, and this
    /// being a task of its own, so does a pool of threads that all hang.
    private static func everyEventLoopTurns() async {
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            _ = try? await loop.submit {}.get()
        }
    }
}
