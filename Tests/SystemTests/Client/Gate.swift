// What stands between a client and its server: lets everything through, or refuses what it does not know, or loses answers, or is shut.

import Foundation
import NIOCore
import NIOPosix
import Synchronization

final class Gate: Sendable {
    struct Rules: Sendable {
        /// Connections on which one of these stands are cut.
        var refused: [String] = []
        /// Of requests that have this, the server gets all and the client no answer, so often.
        var lost: (text: String, times: Int)?
    }

    private struct State {
        var rules = Rules()
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let target: Int
    private let state = Mutex(State())
    private let port = Mutex(0)

    init(to target: Int) { self.target = target }

    var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }

    func set(_ rules: Rules) { state.withLock { $0.rules = rules } }

    /// How many answers are still to be lost.
    var timesToLose: Int { state.withLock { $0.rules.lost?.times ?? 0 } }

    /// Lets clients through, again at the same port.
    func open() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in self.connect(client) }
            .bind(host: "127.0.0.1", port: port.withLock { $0 }).get()
        port.withLock { $0 = listener.localAddress?.port ?? 0 }
        state.withLock { $0.listener = listener }
    }

    /// Cuts everybody off and lets nobody in.
    func shut() async throws {
        let (listener, connections) = state.withLock { state in
            defer {
                state.listener = nil
                state.connections = [:]
            }
            return (state.listener, Array(state.connections.values))
        }
        for connection in connections { connection.close(promise: nil) }
        try await listener?.close().get()
    }

    private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
        state.withLock { $0.connections[ObjectIdentifier(client)] = client }
        client.closeFuture.whenComplete { _ in
            _ = self.state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(client)) }
        }
        // The client is not read before this is done.
        return ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: target).flatMapThrowing {
            server in
            let fate = Fate()
            try server.pipeline.syncOperations.addHandler(Forward(to: client, gate: self, fate: fate, isClient: false))
            try client.pipeline.syncOperations.addHandler(Forward(to: server, gate: self, fate: fate, isClient: true))
        }
    }

    fileprivate enum Verdict { case pass, cut, lose }

    fileprivate func judge(_ bytes: ByteBuffer) -> Verdict {
        let text = String(decoding: bytes.readableBytesView, as: UTF8.self).lowercased()
        return state.withLock { state in
            if state.rules.refused.contains(where: text.contains) { return .cut }
            if let lost = state.rules.lost, lost.times > 0, text.contains(lost.text) { return .lose }
            return .pass
        }
    }

    fileprivate func hasLost() { state.withLock { $0.rules.lost?.times -= 1 } }
}

/// Of one connection, seen from both sides; both are on one event loop.
private final class Fate {
    var isLost = false
}

private final class Forward: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let gate: Gate
    private let fate: Fate
    private let isClient: Bool

    init(to other: any Channel, gate: Gate, fate: Fate, isClient: Bool) {
        self.other = other
        self.gate = gate
        self.fate = fate
        self.isClient = isClient
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if isClient {
            switch gate.judge(bytes) {
            case .pass: break
            case .cut: return context.close(promise: nil)
            case .lose: fate.isLost = true
            }
        } else if fate.isLost {
            gate.hasLost()
            other.close(promise: nil)
            return context.close(promise: nil)
        }
        other.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
