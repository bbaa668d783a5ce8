// A WebSocket client of bytes, so that tests can be as rude as the peers they stand for.

import NIOCore
import NIOPosix
import TestSupport

final class WireClient {
    private let channel: any Channel
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var pending: [UInt8] = []

    static let handshake = """
        GET /v1/apps/board/socket HTTP/1.1
        Host: localhost
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        """

    /// Opens a connection for as long as the body runs.
    static func with<Value>(
        _ address: SocketAddress, isolation: isolated (any Actor)? = #isolation,
        _ body: (WireClient) async throws -> Value
    ) async throws -> Value {
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: true)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(
                            backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                            isOutboundHalfClosureEnabled: true))
                }
            }
        return try await client.executeThenClose { inbound, outbound in
            try await body(WireClient(client.channel, inbound.makeAsyncIterator(), outbound))
        }
    }

    /// The same behind a handshake that succeeds.
    static func open<Value>(
        _ address: SocketAddress, path: String = "/v1/apps/board/socket", isolation: isolated (any Actor)? = #isolation,
        _ body: (WireClient) async throws -> Value
    ) async throws -> Value {
        try await with(address) { client in
            let answer = try await client.shake(handshake.replacing("/v1/apps/board/socket", with: path))
            guard answer.hasPrefix("HTTP/1.1 101 ") else { throw TestSupportError("No socket: \(answer)") }
            return try await body(client)
        }
    }

    private init(
        _ channel: any Channel, _ iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.iterator = iterator
        self.outbound = outbound
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func send(_ frames: ClientFrame...) async throws { try await send(frames) }

    func send(_ frames: [ClientFrame]) async throws { try await send(frames.flatMap(\.bytes)) }

    func send(_ text: String) async throws { try await send(.text(text)) }

    /// Ends the sending side.
    func finish() { outbound.finish() }

    // MARK: Receiving

    /// Sends a header, lines divided by `\n`, and what comes right behind it.
    ///
    /// - Returns: the head of the answer.
    func shake(_ lines: String, then bytes: [UInt8] = []) async throws -> String {
        try await send(Array((lines.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8) + bytes)
        let end = Array("\r\n\r\n".utf8)
        while pending.firstRange(of: end) == nil {
            guard try await more() else { throw TestSupportError("Closed after \(pending.count) bytes.") }
        }
        guard let range = pending.firstRange(of: end) else { return "" }
        defer { pending.removeFirst(range.upperBound) }
        return String(decoding: pending[..<range.lowerBound], as: UTF8.self)
    }

    /// The next frame, nil at the end of the connection.
    func frame() async throws -> ServerFrame? {
        while true {
            if let frame = ServerFrame(takingFrom: &pending) { return frame }
            guard try await more() else { return nil }
        }
    }

    /// All frames until the server closes.
    func frames() async throws -> [ServerFrame] {
        var frames: [ServerFrame] = []
        while let frame = try await frame() { frames.append(frame) }
        return frames
    }

    func text() async throws -> String {
        guard let frame = try await frame() else { throw TestSupportError("The connection ended instead of a text.") }
        guard case .text(let text) = frame else { throw TestSupportError("Not a text but \(frame).") }
        return text
    }

    /// Everything until the server closes, as text.
    func rest() async throws -> String {
        while try await more() {}
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    private func more() async throws -> Bool {
        do {
            guard let bytes = try await iterator.next() else { return false }
            pending += bytes.readableBytesView
            return true
        } catch is IOError {
            // Reset by the server, which is an end too.
            return false
        }
    }
}
