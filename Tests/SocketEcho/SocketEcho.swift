// A server whose sockets send back what they get, at any path of the form /v1/apps/{app}/socket. It is told a port of the loopback
// address, 0 for any free one, and says which it is.

import Foundation
import HTTPService
import NIOCore
import NIOPosix
import NIOWebSocket
import Sockets

@main
enum SocketEcho {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
        var limits = SocketLimits()
        // The largest message of Autobahn's cases.
        limits.changeBytes = 16 * 1024 * 1024
        let budget = BodyBudget(bytes: 256 * 1024 * 1024)
        let gate = SocketGate(permission: EverybodyMay(), origins: nil)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = try await group.next().submit { [limits] in
            let loop = SocketLoop(on: group.next(), limits: limits, incomplete: budget)
            return NIOLoopBound(loop, eventLoop: group.next())
        }.get()
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try loop.value.begin(in: channel, gate: gate, head: HTTPLimits()) { _ in Echo() }
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        // Not `print`, which keeps the line for itself if nobody looks.
        try FileHandle.standardOutput.write(contentsOf: Data("\(server.localAddress?.port ?? port)\n".utf8))
        try await server.closeFuture.get()
    }
}

private final class Echo: SocketEnd {
    private var socket: SocketHandler?

    func opened(_ socket: SocketHandler) { self.socket = socket }

    func received(_ message: SocketMessage) {
        switch message {
        case .text(let bytes): socket?.send(SocketFrame(.text, bytes))
        case .binary(let bytes): socket?.send(SocketFrame(.binary, bytes))
        }
    }

    func drained() {}

    func closed() { socket = nil }
}
