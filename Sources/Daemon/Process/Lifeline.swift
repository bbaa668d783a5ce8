// Standard input as a line to whoever started this process: when it ends, so does the daemon. It holds even if the parent is
// killed, because the kernel closes its end of the pipe.

import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

struct Lifeline: Service {
    let logger: Logger
    /// Taken over and closed.
    let descriptor: Int32

    /// - Parameter descriptor: Standard input.
    init(descriptor: Int32 = dup(STDIN_FILENO), logger: Logger) {
        self.descriptor = descriptor
        self.logger = logger
    }

    /// Returns when the other end is closed, which lets the group shut down.
    func run() async throws {
        let channel: any Channel
        do {
            channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptor(input: descriptor).get()
        } catch {
            throw DaemonFailure.usage("--exit-with-parent needs a pipe or socket as standard input: \(error)")
        }
        try await withGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onGracefulShutdown: {
            channel.close(promise: nil)
        }
        if !Task.isShuttingDownGracefully { logger.notice("Standard input has ended; stopping with the parent") }
    }
}
