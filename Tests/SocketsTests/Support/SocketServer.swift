// A server of sockets on a free port, on one event loop.

import Documents
import Fold
import HTTPService
import NIOCore
import NIOExtras
import NIOPosix
import SocketListening
import Sockets
import Testing

struct SocketServer: Sendable {
    let address: SocketAddress
    let eventLoop: any EventLoop
    let incomplete: BodyBudget
    fileprivate let room: NIOLoopBound<MemoryRoom>
    fileprivate let channels: NIOLoopBound<Channels>

    /// Does something with the room, on its event loop.
    func room<Value: Sendable>(_ body: @escaping @Sendable (MemoryRoom) throws -> Value) async throws -> Value {
        try await eventLoop.submit { [room] in try body(room.value) }.get()
    }

    /// Tells all connections that the server stops.
    func quiesce() async throws {
        try await eventLoop.submit { [channels] in
            for channel in channels.value.open {
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
        }.get()
    }

    func openConnections() async throws -> Int {
        try await eventLoop.submit { [channels] in channels.value.open.count(where: \.isActive) }.get()
    }

    fileprivate final class Channels {
        var open: [any Channel] = []
    }
}

/// - Parameter echoes: Whether sockets send back what they get; else they lead to a ``MemoryRoom``.
func withSockets<Value>(
    echoes: Bool = false, limits: SocketLimits = SocketLimits(), incompleteBytes: Int = 1 << 30,
    permission: any Permission = EverybodyMay(), origins: [String] = [],
    _ body: (SocketServer) async throws -> Value
) async throws -> Value {
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let epoch = try #require(Epoch("e"))
    let budget = BodyBudget(bytes: incompleteBytes)
    let gate = SocketGate(admission: Admission(permission), origins: CrossOriginPolicy(origins: origins))
    let (room, channels) = try await eventLoop.submit {
        (
            NIOLoopBound(MemoryRoom(epoch), eventLoop: eventLoop),
            NIOLoopBound(SocketServer.Channels(), eventLoop: eventLoop)
        )
    }.get()
    let listener = try await SocketListening.start(
        on: eventLoop, limits: limits, incomplete: budget
    ) { channel, loop in
        channels.value.open.append(channel)
        if echoes {
            try loop.begin(in: channel, gate: gate, head: HTTPLimits()) { _ in Echo() }
        } else {
            try loop.begin(in: channel, gate: gate, head: HTTPLimits(), room: room.value)
        }
    }
    guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
    let server = SocketServer(
        address: address, eventLoop: eventLoop, incomplete: budget, room: room, channels: channels)
    do {
        let value = try await body(server)
        try await listener.close()
        return value
    } catch {
        try? await listener.close()
        throw error
    }
}
