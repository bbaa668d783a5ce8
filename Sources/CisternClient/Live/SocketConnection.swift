// One WebSocket (RFC 6455) as its client has it, over swift-nio's upgrade: opened, read until it ends, written to meanwhile.

import Documents
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

final class SocketConnection: Sendable {
    /// Until the connection is made; the rules' own limit is for all of the opening.
    private static let connectTimeout: TimeAmount = .seconds(5)
    /// Bytes of the part of a state's message that a server or a proxy may send by itself.
    private static let mostFragments = 1 << 20

    private typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private enum Handshake: Sendable {
        case done(Frames)
        case refused
    }

    private let outgoing: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation

    init() {
        // Bounded by the rules: 64 changes without an answer, and a word about presence now and then.
        (outgoing, continuation) = AsyncStream.makeStream()
    }

    /// Sends a message as soon as the socket is open. Without a socket it is gone, which the rules know.
    func send(_ message: [UInt8]) { continuation.yield(message) }

    /// Opens the socket and follows it until it ends or the task is cancelled.
    func run(_ address: SocketTarget, _ trust: Trust, _ dispatch: @Sendable (Event) -> Void) async {
        do {
            guard case .done(let frames) = try await open(address, trust) else {
                return dispatch(.closed(.socket, Failing()))
            }
            try await frames.executeThenClose { incoming, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await message in self.outgoing {
                            try await outbound.write(Self.frame(.text, ByteBuffer(bytes: message)))
                        }
                    }
                    dispatch(.opened(.socket))
                    let code = try await Self.read(incoming, outbound, dispatch)
                    group.cancelAll()
                    dispatch(.closed(.socket, isFinal: code.map(SocketMessage.finalCodes.contains) ?? false))
                }
            }
        } catch {
            let error = error as? CisternError ?? CisternError(error, url: address.url)
            dispatch(.closed(.socket, Failing(error: error)))
        }
    }

    /// - Returns: the code with which the server closed the socket, if it did with one.
    private static func read(
        _ frames: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>, _ dispatch: (Event) -> Void
    ) async throws -> Int? {
        for try await frame in frames {
            switch frame.opcode {
            case .text:
                let message = try Document(
                    parsing: Array(frame.unmaskedData.readableBytesView),
                    limits: ParsingLimits(depth: ParsingLimits.maximumDepth))
                if let event = SocketMessage.event(message) { dispatch(event) }
            case .ping:
                try await outbound.write(Self.frame(.pong, frame.unmaskedData))
                dispatch(.heard)
            case .connectionClose:
                var data = frame.unmaskedData
                let code = data.readInteger(as: UInt16.self)
                try? await outbound.write(Self.frame(.connectionClose, frame.unmaskedData))
                return code.map { Int($0) }
            default: break
            }
        }
        return nil
    }

    private static func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
    }

    // MARK: Opening

    private func open(_ address: SocketTarget, _ trust: Trust) async throws -> Handshake {
        let tls = address.isSecure ? try NIOSSLContext(configuration: trust.tls) : nil
        let credentials = try await trust.credentials(for: address.url)
        let handshake = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let name = address.isName ? address.host : nil
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    return try Self.upgrade(channel, address, credentials)
                }
            }
        return try await withTaskCancellationHandler {
            try await handshake.get()
        } onCancel: {
            handshake.whenSuccess { result in
                if case .done(let frames) = result { frames.channel.close(promise: nil) }
            }
        }
    }

    private static func upgrade(
        _ channel: any Channel, _ address: SocketTarget, _ credentials: [(name: String, value: String)]
    ) throws -> EventLoopFuture<Handshake> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Handshake>(maxFrameSize: Transport.maximumAnswerBytes) {
            channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: Self.mostFragments,
                        maxAccumulatedFrameSize: Transport.maximumAnswerBytes))
                return .done(try Frames(wrappingChannelSynchronously: channel))
            }
        }
        let headers = HTTPHeaders(
            [
                ("Host", address.authority), ("Sec-WebSocket-Protocol", "cistern.v1"),
                ("User-Agent", "cistern-client/\(CisternClient.version)"),
            ] + credentials)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: address.path, headers: headers)
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                upgradeRequestHead: head, upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in channel.close().map { .refused } }))
        // The server speaks first, maybe right behind its head.
        configuration.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: configuration)
    }
}
