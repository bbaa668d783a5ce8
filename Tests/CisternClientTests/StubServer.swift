// A server that answers as a script tells it, one step a request, and remembers what it was asked.

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

enum Step: Sendable {
    case answer(HTTPResponseStatus, headers: [(String, String)] = [], body: String = "")
    /// Reads the request and closes the connection.
    case hangUp

    static func problem(_ status: HTTPResponseStatus, _ slug: String, retryAfter: Int? = nil, members: String = "")
        -> Step
    {
        .answer(
            status,
            headers: [("Content-Type", "application/problem+json")]
                + (retryAfter.map { [("Retry-After", "\($0)")] } ?? []),
            body: #"{"type":"/problems/\#(slug)","title":"No","status":\#(status.code),"detail":"Because."\#(members)}"#
        )
    }

    static func pushed(_ status: HTTPResponseStatus, _ outcome: String = "pending", position: Int = 1) -> Step {
        .answer(
            status,
            body:
                #"{"app":"a","id":"c1","epoch":"e","position":\#(position),"receipt":"e-\#(position)","status":"\#(outcome)"}"#
        )
    }

    static func state(_ version: String, _ body: String = "{}", interval: Int = 10) -> Step {
        .answer(
            .ok,
            headers: [
                ("ETag", "\"\(version)\""), ("Cistern-Position", version), ("Cistern-Poll-Interval", "\(interval)"),
            ], body: body)
    }

    static let unchanged = Step.answer(
        .notModified, headers: [("Cistern-Position", "e-9"), ("Cistern-Poll-Interval", "10")])
}

struct SeenRequest: Sendable, Equatable {
    let method: HTTPMethod
    let uri: String
    let headers: HTTPHeaders
    let body: String
}

final class StubServer: Sendable {
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPPart<HTTPResponseHead, ByteBuffer>>

    private let script: Mutex<ArraySlice<Step>>
    private let seen = Mutex<[SeenRequest]>([])

    private init(_ steps: [Step]) { script = Mutex(steps[...]) }

    /// What was asked so far.
    var requests: [SeenRequest] { seen.withLock { $0 } }

    /// Runs the body while the server listens. A request without a step is answered with 418.
    @discardableResult
    static func run<Value>(
        _ steps: [Step], isolation: isolated (any Actor)? = #isolation,
        _ body: (_ url: String, _ server: StubServer) async throws -> Value
    ) async throws -> Value {
        let server = StubServer(steps)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(PartsOut())
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let serving = Task { try await server.serve(listener) }
        do {
            let value = try await body("http://127.0.0.1:\(port)", server)
            serving.cancel()
            _ = await serving.result
            return value
        } catch {
            serving.cancel()
            _ = await serving.result
            throw error
        }
    }

    private func serve(_ listener: NIOAsyncChannel<Connection, Never>) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await connection in connections { group.addTask { try? await self.serve(connection) } }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { input, output in
            var head: HTTPRequestHead?
            var body = ""
            for try await part in input {
                switch part {
                case .head(let value): (head, body) = (value, "")
                case .body(let buffer): body += String(buffer: buffer)
                case .end:
                    guard let head else { return }
                    seen.withLock {
                        $0.append(SeenRequest(method: head.method, uri: head.uri, headers: head.headers, body: body))
                    }
                    switch script.withLock({ $0.popFirst() }) ?? .answer(.imATeapot) {
                    case .hangUp: return
                    case .answer(let status, let headers, let text):
                        var fields = HTTPHeaders(headers)
                        if status != .notModified { fields.add(name: "Content-Length", value: "\(text.utf8.count)") }
                        try await output.write(
                            .head(HTTPResponseHead(version: .http1_1, status: status, headers: fields)))
                        if !text.isEmpty { try await output.write(.body(ByteBuffer(string: text))) }
                        try await output.write(.end(nil))
                    }
                }
            }
        }
    }
}

/// From response parts of `ByteBuffer`s to those of `IOData`, which NIO's encoder takes.
private final class PartsOut: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPResponseHead, ByteBuffer>
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
