// Sockets on a port of the loopback address and on one event loop: for the echo server and for tests.

package import HTTPService
package import NIOCore
import NIOPosix
import NIOWebSocket
package import Sockets

package enum SocketListening {
    /// Listens until the channel that it gives is closed.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - begin: Begins the handshake on a connection.
    package static func start(
        on eventLoop: any EventLoop, port: Int = 0, limits: SocketLimits, incomplete: BodyBudget,
        begin: @escaping @Sendable (any Channel, SocketLoop) throws -> Void
    ) async throws -> any Channel {
        let loop = try await eventLoop.submit {
            NIOLoopBound(SocketLoop(on: eventLoop, limits: limits, incomplete: incomplete), eventLoop: eventLoop)
        }.get()
        return try await ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try begin(channel, loop.value) }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }
}

/// Sends back what it gets.
package final class Echo: SocketEnd {
    private var socket: SocketHandler?

    package init() {}

    package func opened(_ socket: SocketHandler) { self.socket = socket }

    package func received(_ message: SocketMessage) {
        switch message {
        case .text(let bytes): socket?.send(SocketFrame(.text, bytes))
        case .binary(let bytes): socket?.send(SocketFrame(.binary, bytes))
        }
    }

    package func drained() {}

    package func closed() { socket = nil }
}
