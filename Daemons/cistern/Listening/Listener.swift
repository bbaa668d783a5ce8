// A server of HTTP on this machine, one answer for each request. What a request means is decided elsewhere.

import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// An answer without a body, or with a sentence for people.
struct ListenerAnswer: Sendable {
    var status: Int
    var sentence = ""
    var whenSent: @Sendable () -> Void = {}
}

struct Listener: Sendable {
    typealias Connection = NIOAsyncChannel<NIOHTTPServerRequestFull, ListenerAnswer>
    typealias Handler = @Sendable (NIOHTTPServerRequestFull) async throws -> ListenerAnswer

    /// At a time; a courier has eight to one endpoint. More wait until one of these ends.
    private static let mostConnections = 64
    /// Bytes of a request's body (413): far more than any webhook has.
    private static let bodyBytes = 1 << 20

    private let server: NIOAsyncChannel<Connection, Never>

    var port: Int { server.channel.localAddress?.port ?? 0 }

    /// - Parameter port: 0 for a free one.
    static func bind(port: Int) async throws(Failure) -> Listener {
        do {
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline()
                        try pipeline.addHandler(NIOHTTPServerRequestAggregator(maxContentLength: bodyBytes))
                        try pipeline.addHandler(AnswerWriting())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
            return Listener(server: server)
        } catch {
            let isTaken = (error as? IOError)?.errnoCode == EADDRINUSE
            throw Failure(
                .failed, "Port \(port) cannot be listened at: \(isTaken ? "somebody else does" : "\(error)").",
                advice: "Leave --port away to take a free one.")
        }
    }

    /// Until the task is cancelled. What the handler throws ends all of it.
    func serve(_ answer: @escaping Handler) async throws {
        try await server.executeThenClose { connections in
            try await withThrowingTaskGroup(of: Void.self) { group in
                var open = 0
                for try await connection in connections {
                    if open == Self.mostConnections { try await group.next() } else { open += 1 }
                    group.addTask { try await Self.serve(connection, answer) }
                }
                group.cancelAll()
            }
        }
    }

    private struct HandlerFailure: Error { let error: any Error }

    private static func serve(_ connection: Connection, _ answer: Handler) async throws {
        do {
            try await connection.executeThenClose { requests, answers in
                for try await request in requests {
                    let given: ListenerAnswer
                    do { given = try await answer(request) } catch { throw HandlerFailure(error: error) }
                    try await answers.write(given)
                    given.whenSent()
                    if !request.head.isKeepAlive { return }
                }
            }
        } catch let failure as HandlerFailure {
            throw failure.error
        } catch {
            // The other side has gone, or does not speak HTTP. That is its affair.
        }
    }
}

private final class AnswerWriting: ChannelOutboundHandler {
    typealias OutboundIn = ListenerAnswer
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let answer = unwrapOutboundIn(data)
        let text = answer.sentence.isEmpty ? "" : answer.sentence + "\n"
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
        // 204 and 1xx have no such field (RFC 9110 §8.6).
        if answer.status != 204 { head.headers.add(name: "Content-Length", value: "\(text.utf8.count)") }
        if !text.isEmpty { head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8") }
        if answer.status == 405 { head.headers.add(name: "Allow", value: "POST") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !text.isEmpty, answer.status != 204 {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }
}
