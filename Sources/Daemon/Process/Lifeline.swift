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
        guard Self.canEnd(descriptor) else {
            throw DaemonFailure.usage(
                "--exit-with-parent needs a pipe, a socket or a terminal as standard input, whose end says that the parent is gone."
            )
        }
        let channel: any Channel
        do {
            channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptor(input: descriptor).get()
        } catch {
            throw DaemonFailure.usage("--exit-with-parent cannot watch standard input: \(error)")
        }
        try await withGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onGracefulShutdown: {
            channel.close(promise: nil)
        }
        if !Task.isShuttingDownGracefully { logger.notice("Standard input has ended; stopping with the parent") }
    }

    /// Files and /dev/null are at their end from the start, and NIO traps on what epoll(7) does not take.
    private static func canEnd(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind == S_IFIFO || kind == S_IFSOCK || isatty(descriptor) == 1
    }
}
