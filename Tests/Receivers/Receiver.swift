// An endpoint of webhooks on loopback: a real server that answers as a test tells it, also badly, and remembers what came.

import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as it came.
package struct Received: Sendable {
    package let path: String
    package let headers: HTTPHeaders
    package let body: [UInt8]

    package subscript(name: String) -> String? { headers.first(name: name) }
}

/// How the receiver answers.
package enum Behaviour: Sendable {
    case answer(Int, [(String, String)] = [])
    /// After that time.
    case slow(Int, after: Duration)
    /// Never.
    case hang
    /// A head that never ends, a byte at a time.
    case dripHead
    /// A head at once, and a body that never ends.
    case dripBody(Int)
    /// Closes without a word.
    case hangUp
}

package final class Receiver: Sendable {
    private struct Shared {
        var received: [Received] = []
        var behaviour: @Sendable (Received, Int) -> Behaviour
    }

    private let shared: Mutex<Shared>
    private let channel = Mutex<(any Channel)?>(nil)

    /// - Parameter behaviour: by the request and how many came before.
    package init(_ behaviour: @escaping @Sendable (Received, Int) -> Behaviour = { _, _ in .answer(204) }) {
        shared = Mutex(Shared(behaviour: behaviour))
    }

    /// Answers differently from now on.
    package func behave(_ behaviour: @escaping @Sendable (Received, Int) -> Behaviour) {
        shared.withLock { $0.behaviour = behaviour }
    }

    package var received: [Received] { shared.withLock { $0.received } }

    /// What came until now is not kept any longer.
    package func forget() { shared.withLock { $0.received = [] } }

    package func received(at path: String) -> [Received] { received.filter { $0.path == path } }

    package var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    package func url(_ path: String = "/", host: String = "127.0.0.1") -> String { "http://\(host):\(port)\(path)" }

    package func start(host: String = "127.0.0.1") async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReceiverHandler { self.note($0) })
                }
            }.bind(host: host, port: 0).get()
        channel.withLock { $0 = server }
    }

    package func stop() async { try? await channel.withLock { $0 }?.close() }

    private func note(_ request: Received) -> Behaviour {
        shared.withLock { shared in
            shared.received.append(request)
            return shared.behaviour(request, shared.received.count - 1)
        }
    }
}

private final class ReceiverHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let note: (Received) -> Behaviour
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ note: @escaping (Received) -> Behaviour) { self.note = note }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head else { return }
            answer(note(Received(path: head.uri, headers: head.headers, body: body)), context)
        }
    }

    private func answer(_ behaviour: Behaviour, _ context: ChannelHandlerContext) {
        switch behaviour {
        case .answer(let status, let fields): write(status, fields, context)
        case .slow(let status, let time):
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let own = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(
                in: .milliseconds(time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000)
            ) {
                own.value.write(status, [], bound.value)
            }
        case .hang: break
        case .hangUp: context.close(promise: nil)
        case .dripHead: drip("HTTP/1.1 200 OK\r\nX-A: ", context)
        case .dripBody(let status): drip("HTTP/1.1 \(status) X\r\nTransfer-Encoding: chunked\r\n\r\n", context)
        }
    }

    private func write(_ status: Int, _ fields: [(String, String)], _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(fields)
        headers.replaceOrAdd(name: "Content-Length", value: "0")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Past the encoder.
    private func drip(_ beginning: String, _ context: ChannelHandlerContext) {
        guard let first = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else {
            return
        }
        let isBody = beginning.hasSuffix("\r\n\r\n")
        first.writeAndFlush(NIOAny(ByteBuffer(string: beginning)), promise: nil)
        let bound = NIOLoopBound(first, eventLoop: context.eventLoop)
        context.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { task in
            guard bound.value.channel.isActive else { return task.cancel() }
            bound.value.writeAndFlush(NIOAny(ByteBuffer(string: isBody ? "1\r\nx\r\n" : "a")), promise: nil)
        }
    }
}
