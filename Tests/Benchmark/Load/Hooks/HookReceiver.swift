// The endpoints of webhooks: one server on one loop, which answers at once, notes what came and when, and looks at it later. What is asked
// of it below /hang it never answers.

import NIOCore
import NIOPosix

final class HookReceiver: Sendable {
    let port: Int
    private let channel: any Channel
    private let notes: NIOLoopBound<Notes>

    static func start() async throws -> HookReceiver {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let notes = try await loop.submit { NIOLoopBound(Notes(), eventLoop: loop) }.get()
        let channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(HookHandler(notes.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return HookReceiver(channel, notes)
    }

    private init(_ channel: any Channel, _ notes: NIOLoopBound<Notes>) {
        port = channel.localAddress?.port ?? 0
        self.channel = channel
        self.notes = notes
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    private static let patience = Duration.seconds(60)

    /// What came since the last call, as soon as it is so much.
    ///
    /// - Throws: ``Wrong`` if it is more, or less after a minute.
    func take(_ count: Int) async throws -> [HookArrival] {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let have = try await notes.eventLoop.submit { [notes] in notes.value.arrivals.count }.get()
            if have >= count { break }
            guard ContinuousClock.now < deadline else { throw Wrong("\(have) of \(count) webhooks have arrived.") }
            try await Task.sleep(for: .milliseconds(2))
        }
        let arrivals = try await takeAll()
        guard arrivals.count == count else {
            throw Wrong("\(arrivals.count) webhooks have arrived instead of \(count).")
        }
        return arrivals
    }

    func takeAll() async throws -> [HookArrival] {
        try await notes.eventLoop.submit { [notes] in
            defer { notes.value.arrivals = [] }
            return notes.value.arrivals
        }.get()
    }

    /// Connections that are never answered.
    var hanging: Int {
        get async throws { try await notes.eventLoop.submit { [notes] in notes.value.hanging.count }.get() }
    }

    /// Ends these.
    func letGo() async throws {
        try await notes.eventLoop.submit { [notes] in
            for channel in notes.value.hanging { channel.close(promise: nil) }
            notes.value.hanging = []
        }.get()
    }

    func stop() async throws {
        try await letGo()
        try await channel.close()
    }

    fileprivate final class Notes {
        var arrivals: [HookArrival] = []
        var hanging: [any Channel] = []
    }
}

/// A request that was answered.
struct HookArrival: Sendable {
    let path: String
    let body: ByteBuffer
    /// Nanoseconds of the monotonic clock.
    let time: UInt64
}

private final class HookHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let notes: HookReceiver.Notes
    private var pending = ByteBuffer()

    private static let answer = ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n")

    init(_ notes: HookReceiver.Notes) {
        self.notes = notes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending.writeImmutableBuffer(unwrapInboundIn(data))
        while let (path, body) = next() {
            if path.hasPrefix("/hang") {
                notes.hanging.append(context.channel)
                continue
            }
            notes.arrivals.append(HookArrival(path: path, body: body, time: NIODeadline.now().uptimeNanoseconds))
            context.writeAndFlush(wrapOutboundOut(Self.answer), promise: nil)
        }
        pending.discardReadBytes()
    }

    private func next() -> (path: String, body: ByteBuffer)? {
        let shape: (head: Int, body: Int)? = unsafe pending.withUnsafeReadableBytes { bytes in
            guard let head = unsafe AnswerReader.headLength(bytes) else { return nil }
            return (head, unsafe AnswerReader.contentLength(UnsafeRawBufferPointer(rebasing: bytes[..<head])) ?? 0)
        }
        guard let shape, pending.readableBytes >= shape.head + shape.body,
            let head = pending.readSlice(length: shape.head), let body = pending.readSlice(length: shape.body)
        else { return nil }
        let path = head.readableBytesView.split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first ?? []
        return (String(decoding: path, as: UTF8.self), body)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
