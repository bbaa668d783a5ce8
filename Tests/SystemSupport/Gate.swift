// What stands between a client and its server, as proxies and bad networks do: lets everything through, cuts what it does not know, loses
// answers, or is shut.

import NIOCore
import NIOPosix
import Synchronization

package final class Gate: Sendable {
    /// About what a client has sent at once, a request as a rule, in lower case.
    package typealias Condition = @Sendable (String) -> Bool

    private struct State {
        var refuses: Condition = { _ in false }
        var loses: Condition = { _ in false }
        var timesToLose = 0
        var handshakes = 0
        var port = 0
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let target: Int
    private let state = Mutex(State())

    fileprivate init(to target: Int) { self.target = target }

    package var url: String { "http://127.0.0.1:\(state.withLock { $0.port })" }

    // MARK: Rules

    /// Cuts connections on which such a thing is sent from now on, and all that are open.
    package func refuse(_ condition: @escaping Condition) {
        let open = state.withLock { state in
            state.refuses = condition
            return Array(state.connections.values)
        }
        for connection in open { connection.close(promise: nil) }
    }

    /// Of requests like this, the server gets all and the client no answer, so often.
    package func loseAnswers(_ times: Int, to condition: @escaping Condition) {
        state.withLock { state in
            state.loses = condition
            state.timesToLose = times
        }
    }

    /// How many answers are still to be lost.
    package var timesToLose: Int { state.withLock { $0.timesToLose } }

    /// How many WebSockets were asked for.
    package var handshakes: Int { state.withLock { $0.handshakes } }

    fileprivate enum Verdict { case pass, cut, lose }

    fileprivate func judge(_ bytes: ByteBuffer) -> Verdict {
        let text = String(buffer: bytes).lowercased()
        return state.withLock { state in
            if text.contains("upgrade: websocket") { state.handshakes += 1 }
            if state.refuses(text) { return .cut }
            return state.timesToLose > 0 && state.loses(text) ? .lose : .pass
        }
    }

    fileprivate func hasLost() { state.withLock { $0.timesToLose -= 1 } }

    // MARK: Connections

    /// Lets clients through, again at the same port.
    package func open() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in self.connect(client) }
            .bind(host: "127.0.0.1", port: state.withLock { $0.port }).get()
        state.withLock { state in
            state.port = listener.localAddress?.port ?? 0
            state.listener = listener
        }
    }

    /// Cuts everybody off and lets nobody in.
    package func shut() async throws {
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

/// Runs the body with an open gate before the server that listens at this port, now or later.
package func withGate<Value>(
    to port: Int, isolation: isolated (any Actor)? = #isolation, _ body: (Gate) async throws -> Value
) async throws -> Value {
    let gate = Gate(to: port)
    try await gate.open()
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(gate)) } catch { outcome = .failure(error) }
    try? await gate.shut()
    return try outcome.get()
}
