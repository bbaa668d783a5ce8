// A real listener on a free port, with a few routes that show what a handler saw.

import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import Synchronization

/// Routes that stand for those of the roles.
struct EchoRoutes: RouteProvider {
    static let bodyLimit = 1_000

    func addRoutes(to routes: inout Routes) {
        routes.onApplication(.get, "/state", action: .poll) { call, application in
            .json(.object([("app", .string(application.description)), ("fresh", .bool(try call.query.flag("fresh")))]))
        }
        routes.onApplication(.put, "/changes/{change}", action: .push) { call, _ in
            let id = try call.changeID()
            let body = try await call.body(
                upTo: Self.bodyLimit, orThrow: Problem(.changeTooLarge, "The change is too large."))
            return .json(
                .object([("id", .string(id.description)), ("bytes", .integer(body.readableBytes))]), status: .created)
        }
        routes.onApplication(.delete, action: .administer) { _, _ in Response(status: .noContent) }
        routes.on(.get, "/broken", action: .open) { _ in throw Mishap() }
        routes.on(.put, "/deaf", action: .open) { _ in throw Problem(.unsupportedChangeType, "Not this.") }
        routes.on(.get, "/stream", action: .open) { _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "one "))
                    try await writer.write(ByteBuffer(string: "two"))
                    try await writer.finish(nil)
                })
        }
        routes.on(.get, "/large", action: .open) { _ in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x61, count: 64 << 20)))
        }
        routes.onApplication(.get, "/slow", action: .open) { _, application in
            try await Task.sleep(for: .milliseconds(30))
            return .json(.object([("app", .string(application.description))]))
        }
        routes.on(.get, "/folder/", action: .open) { call in
            Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: call.request.uri.path)))
        }
        routes.on(.get, "/unchanged", action: .open) { _ in Response(status: .notModified, headers: [.eTag: "\"e-1\""])
        }
    }

    /// Its description must never reach a client.
    struct Mishap: Error, CustomStringConvertible {
        let description = "the password is swordfish"
    }
}

/// Keeps metadata, as the request's id, and writes nothing.
struct QuietLog: LogHandler {
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {}
}

/// Runs a server around the body, which is given its address.
func withServer<Value: Sendable>(
    roles: [any RouteProvider] = [EchoRoutes()],
    lanes: [any ExpressLaneProvider] = [],
    limits: HTTPLimits = HTTPLimits(),
    origins: [String] = [],
    usesLanes: Bool = true,
    permission: any Permission = EverybodyMay(),
    metrics: any MetricsFactory = NOOPMetricsHandler.instance,
    _ body: @escaping @Sendable (SocketAddress) async throws -> Value
) async throws -> Value {
    let logger = Logger(label: "test") { _ in QuietLog() }
    let (addresses, continuation) = AsyncStream<SocketAddress>.makeStream()
    var configuration = HTTPServer.Configuration(
        address: .host("127.0.0.1", port: 0), limits: limits, crossOrigin: CrossOriginPolicy(origins: origins))
    configuration.expressLanes = usesLanes
    let server = HTTPServer(
        configuration, roles: roles, lanes: lanes, permission: permission, metrics: metrics, logger: logger
    ) { address in
        if let address { continuation.yield(address) }
        continuation.finish()
    }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            try await server.run()
            return nil
        }
        group.addTask {
            for await address in addresses { return try await body(address) }
            return nil
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw RawConnectionError(description: "the server did not start")
    }
}

/// A server that a test ends.
struct StoppableServer: Sendable {
    let address: SocketAddress
    private let group: ServiceGroup
    private let running: Task<Void, Never>
    private let hasEnded: Atomic<Bool>.Reference

    fileprivate init(
        _ address: SocketAddress, _ group: ServiceGroup, _ running: Task<Void, Never>,
        _ hasEnded: Atomic<Bool>.Reference
    ) {
        self.address = address
        self.group = group
        self.running = running
        self.hasEnded = hasEnded
    }

    /// Begins a graceful stop.
    func stop() async { await group.triggerGracefulShutdown() }

    func cancel() { running.cancel() }

    /// Waits for its end without trusting in it.
    func ended() async throws {
        let deadline = ContinuousClock.now + .seconds(8)
        while !hasEnded.value.load(ordering: .sequentiallyConsistent) {
            guard ContinuousClock.now < deadline else {
                throw RawConnectionError(description: "the server does not end")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Atomic where Value == Bool {
    /// For sharing between tasks.
    final class Reference: Sendable {
        let value = Atomic(false)
    }
}

/// Runs a server that the body can stop; fails if it has not ended a while after the body.
func withStoppableServer(
    lanes: [any ExpressLaneProvider], limits: HTTPLimits = HTTPLimits(), drainTime: Duration = .zero,
    _ body: (StoppableServer) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { _ in QuietLog() }
    let (addresses, listening) = AsyncStream<SocketAddress>.makeStream()
    var configuration = HTTPServer.Configuration(address: .host("127.0.0.1", port: 0), limits: limits)
    configuration.drainTime = drainTime
    let server = HTTPServer(
        configuration, roles: [EchoRoutes()],
        lanes: lanes, metrics: NOOPMetricsHandler.instance, logger: logger
    ) { address in
        if let address { listening.yield(address) }
    }
    let group = ServiceGroup(services: [server], logger: logger)
    let hasEnded = Atomic<Bool>.Reference()
    let running = Task {
        try? await group.run()
        hasEnded.value.store(true, ordering: .sequentiallyConsistent)
    }
    var iterator = addresses.makeAsyncIterator()
    guard let address = await iterator.next() else { throw RawConnectionError(description: "the server did not start") }
    let stoppable = StoppableServer(address, group, running, hasEnded)
    try await body(stoppable)
    await stoppable.stop()
    try await stoppable.ended()
}

/// One request on a connection of its own.
func exchange(_ address: SocketAddress, _ lines: String, body: String = "", toHead: Bool = false) async throws
    -> RawResponse
{
    try await RawConnection.with(address) { connection in
        try await connection.send(lines: lines, body: body)
        return try await connection.response(toHead: toHead)
    }
}

extension RawResponse {
    var document: Document {
        get throws { try Document(parsing: Array(body.utf8)) }
    }

    /// The last part of a problem's type, nil if this is no problem document.
    var problem: String? {
        guard headers["content-type"] == "application/problem+json" else { return nil }
        return try? document["type"]?.stringValue?.split(separator: "/").last.map(String.init)
    }
}
