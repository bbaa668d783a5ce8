// Accepts connections, gives each a front, and runs the HTTP pipelines that fronts ask for.

import Glibc
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

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
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Where the task is cancelled those of requests that are under way are too, and so end without an answer.
                try? await gracefulShutdown()
                await drain(channel, loops)
                await Self.close(quiescing, on: channel.eventLoop)
                continuation.finish()
            }
            await onListening(channel.localAddress)
            for await connection in built {
                group.addTask { await pipeline.channel.base.handle(value: connection, logger: logger) }
            }
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

    // MARK: The end

    /// Lets every connection end behind an answer that says so: nobody loses a request that was on its way to a connection just closed.
    /// Whoever waits for news is let wait.
    ///
    /// Where the socket was handed over, somebody else accepts from now on: a daemon beside this one, or its successor, for whom the
    /// kernel keeps connections until it is there. Else nobody does, and new ones are taken to the end.
    private func drain(_ channel: any Channel, _ loops: [ObjectIdentifier: Loop]) async {
        if configuration.inheritedSocket != nil { try? await channel.setOption(.autoRead, value: false).get() }
        guard configuration.drainTime > .zero, !Task.isCancelled else { return }
        let end = ContinuousClock.now + configuration.drainTime
        for loop in loops.values { loop.drain() }
        while ContinuousClock.now < end, await Self.areExpectingRequests(loops) {
            do { try await Task.sleep(for: Self.drainLook) } catch { return }
        }
    }

    private static func areExpectingRequests(_ loops: [ObjectIdentifier: Loop]) async -> Bool {
        for loop in loops.values where await loop.isExpectingRequests { return true }
        return false
    }

    /// A fraction of what the successor needs to start.
    private static let drainLook = Duration.milliseconds(10)

    /// Ends the listening and, after their present request, all connections.
    private static func close(_ quiescing: ServerQuiescingHelper, on eventLoop: any EventLoop) async {
        let allClosed = eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: allClosed)
        try? await allClosed.futureResult.get()
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
                    bodies: self.services.bodies, rates: self.services.rates, date: responder.date,
                    metrics: self.services.metrics, httpPipeline: pipeline)
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

        func drain() { eventLoop.execute { services.value.isDraining = true } }

        var isExpectingRequests: Bool {
            get async { (try? await eventLoop.submit { services.value.isExpectingRequests }.get()) ?? false }
        }
    }

    // MARK: The socket

    private func bootstrap(_ loops: [ObjectIdentifier: Loop], _ quiescing: ServerQuiescingHelper) -> ServerBootstrap {
        let limits = configuration.limits
        let connections = ConnectionLimit(
            limits.connections, gauge: Meter(label: "http_connections", factory: services.metrics))
        let addresses = limits.connectionsPerAddress.map { AddressPlaces($0, metrics: services.metrics) }
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
                    guard addresses?.take(for: channel) ?? true else { return channel.close(promise: nil) }
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
        if let socket = configuration.inheritedSocket {
            let channel = try await bootstrap.withBoundSocket(socket).get()
            // NIO has just shortened the queue to its own default.
            _ = listen(socket, Int32(clamping: configuration.limits.backlog))
            return channel
        }
        return switch configuration.address {
        case .host(let host, let port): try await bootstrap.bind(host: host, port: port).get()
        case .unix(let path):
            try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
    }
}
