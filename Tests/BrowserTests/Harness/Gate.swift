import NIOCore
import NIOPosix
import Synchronization

/// A relay between browsers and a server, to cut what goes through as proxies and bad networks do, and to see it.
final class Gate: Sendable {
    private struct State {
        var refuses: @Sendable (String) -> Bool = { _ in false }
        var requests: [String] = []
        var clients: [ObjectIdentifier: any Channel] = [:]
        var port = 0
    }
    private let state = Mutex(State())

    var url: String { "http://127.0.0.1:\(state.withLock { $0.port })" }

    fileprivate init() {}

    fileprivate func listen(before port: Int) async throws -> any Channel {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { client in self.relay(client, to: port) }
            .bind(host: "127.0.0.1", port: 0).get()
        state.withLock { $0.port = listener.localAddress?.port ?? 0 }
        return listener
    }

    /// From now on connections are cut that send something like this, and all that are open.
    func refuse(_ condition: @escaping @Sendable (String) -> Bool) {
        let open = state.withLock { state in
            state.refuses = condition
            return Array(state.clients.values)
        }
        for client in open { client.close(promise: nil) }
    }

    /// What clients have sent, as text, a request at a time as a rule.
    var requests: [String] { state.withLock { $0.requests } }

    /// How many WebSockets were asked for.
    var handshakes: Int { requests.count { $0.contains("Upgrade: websocket") } }

    fileprivate func lets(_ text: String) -> Bool {
        state.withLock { state in
            state.requests.append(text)
            return !state.refuses(text)
        }
    }

    private func relay(_ client: any Channel, to port: Int) -> EventLoopFuture<Void> {
        state.withLock { $0.clients[ObjectIdentifier(client)] = client }
        client.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.clients.removeValue(forKey: ObjectIdentifier(client)) }
        }
        return ClientBootstrap(group: client.eventLoop)
            .channelInitializer { upstream in
                upstream.eventLoop.makeCompletedFuture {
                    try upstream.pipeline.syncOperations.addHandler(Pipe(to: client) { _ in true })
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMapThrowing { upstream in
                try client.pipeline.syncOperations.addHandler(Pipe(to: upstream, self.lets))
            }
    }
}

/// One direction of a relayed connection.
private final class Pipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let lets: (String) -> Bool

    init(to other: any Channel, _ lets: @escaping (String) -> Bool) {
        self.other = other
        self.lets = lets
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if lets(String(buffer: bytes)) { other.writeAndFlush(bytes, promise: nil) } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Runs the body with a gate before the server that listens at this port, now or later.
func withGate<Value>(
    to port: Int, isolation: isolated (any Actor)? = #isolation, _ body: (Gate) async throws -> Value
) async throws -> Value {
    let gate = Gate()
    let listener = try await gate.listen(before: port)
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(gate)) } catch { outcome = .failure(error) }
    try? await listener.close()
    return try outcome.get()
}
