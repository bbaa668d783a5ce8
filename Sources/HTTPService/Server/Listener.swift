// Accepts connections, gives each a front, and runs the HTTP pipelines that fronts ask for.

import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle
import Synchronization

struct Listener: Service {
    let configuration: HTTPServer.Configuration
    let services: RequestServices
    let lanes: [any ExpressLaneProvider]
    /// Whether a connection is the decoder's from the first request on that no lane takes.
    let leavesAtFirst: Bool
    let responder: Responder
    /// One listening socket, whose connections go to the loops in turn: each has as many as the next, which `SO_REUSEPORT` with its
    /// hash of addresses does not promise.
    let eventLoopGroup: any EventLoopGroup
    let onListening: @Sendable (SocketAddress?) async -> Void
    let logger: Logger

    func run() async throws {
        let (built, continuation) = AsyncStream.makeStream(of: HTTP1Channel.Value.self)
        let pipeline = HTTPPipeline(channel: httpChannel, logger: logger, built: continuation)
        let loops = try await makeLoops(pipeline)
        defer { for loop in loops.values { loop.stop() } }
        let quiescing = ServerQuiescingHelper(group: eventLoopGroup)
        let channel = try await bind(bootstrap(loops, quiescing))
        let closing = Closing(quiescing, on: channel.eventLoop)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask {
                        await closing.ended()
                        continuation.finish()
                    }
                    await onListening(channel.localAddress)
                    for await connection in built {
                        group.addTask { await pipeline.channel.base.handle(value: connection, logger: logger) }
                    }
                }
            } onGracefulShutdown: {
                closing.begin()
            }
        } onCancel: {
            // The tasks of requests that are under way are cancelled too, and so end without an answer.
            closing.begin()
        }
    }

    private var httpChannel: GuardedHTTP1Channel {
        let limits = configuration.limits
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerFields)
        let base = HTTP1Channel(
            responder: { [responder] in try await responder.respond(to: $0, $1, on: $2) },
            // The front looks after idle connections: Hummingbird does not see what lanes answer.
            configuration: HTTP1Channel.Configuration(idleTimeout: nil, httpDecoderConfiguration: decoder))
        return GuardedHTTP1Channel(base: base, limits: limits)
    }

    /// Ends the listening and, after their present request, all connections; whoever asks for it, it happens once.
    private final class Closing: Sendable {
        private let quiescing: ServerQuiescingHelper
        private let allClosed: EventLoopPromise<Void>
        private let hasBegun = Atomic(false)

        init(_ quiescing: ServerQuiescingHelper, on eventLoop: any EventLoop) {
            self.quiescing = quiescing
            allClosed = eventLoop.makePromise()
        }

        func begin() {
            guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
            quiescing.initiateShutdown(promise: allClosed)
        }

        func ended() async { try? await allClosed.futureResult.get() }
    }

    // MARK: Event loops

    private func makeLoops(_ pipeline: HTTPPipeline) async throws -> [ObjectIdentifier: Loop] {
        var loops: [ObjectIdentifier: Loop] = [:]
        for (number, eventLoop) in eventLoopGroup.makeIterator().enumerated() {
            loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                let services = LoopServices(
                    eventLoop, number: number, lanes: lanes, leavesAtFirst: leavesAtFirst,
                    crossOrigin: configuration.crossOrigin,
                    limits: configuration.limits, permission: self.services.admission.permission,
                    bodies: self.services.bodies, date: responder.date, metrics: self.services.metrics,
                    httpPipeline: pipeline)
                services.start()
                return Loop(services: NIOLoopBound(services, eventLoop: eventLoop), eventLoop: eventLoop)
            }.get()
        }
        return loops
    }

    private struct Loop: Sendable {
        let services: NIOLoopBound<LoopServices>
        let eventLoop: any EventLoop

        func stop() { eventLoop.execute { services.value.stop() } }
    }

    // MARK: The socket

    private func bootstrap(_ loops: [ObjectIdentifier: Loop], _ quiescing: ServerQuiescingHelper) -> ServerBootstrap {
        let limits = configuration.limits
        let connections = ConnectionLimit(
            limits.connections, gauge: Meter(label: "http_connections", factory: services.metrics))
        return ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Int32(clamping: limits.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(AvailableConnectionsChannelHandler(delegate: connections))
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Every loop of the group has its services.
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = configuration.tls { try pipeline.addHandler(tls.makeHandler()) }
                    try pipeline.addHandler(ConnectionFront(loop.services.value))
                }
            }
    }

    private func bind(_ bootstrap: ServerBootstrap) async throws -> any Channel {
        switch configuration.address {
        case .host(let host, let port): try await bootstrap.bind(host: host, port: port).get()
        case .unix(let path):
            try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
    }
}
