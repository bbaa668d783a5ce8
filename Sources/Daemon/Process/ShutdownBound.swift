// Makes sure that stopping ends. The group turns a graceful shutdown that takes too long into cancellation; a service that
// does not heed that either is left behind.

import Glibc
import Logging
import ServiceLifecycle

/// The last service of a group, because those are told first.
struct ShutdownBound: Service {
    /// From being told to stop to cancellation.
    let limit: Duration
    let logger: Logger

    /// For what cancellation sets off.
    static let afterCancellation = Duration.seconds(3)

    func run() async throws {
        try? await gracefulShutdown()
        // The one task that nobody waits for: its purpose is to end a process in which waiting does not end.
        Task.detached { [limit, logger] in
            try? await Task.sleep(for: limit + Self.afterCancellation)
            logger.critical(
                "Stopping took longer than it may; leaving without the rest", metadata: ["limit": "\(limit)"])
            exit(ExitCode.software.rawValue)
        }
    }
}
