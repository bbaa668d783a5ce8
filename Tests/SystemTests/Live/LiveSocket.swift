import NIOCore
import NIOPosix
import Synchronization
import SystemSupport
import TestSupport

/// A WebSocket as its client has it (RFC 6455): frames go out as the test makes them, and what comes is read while it does other things.
final class LiveSocket: Sendable {
    /// What has come so far.
    struct Received: Sendable {
        fileprivate var bytes: [UInt8] = []
        /// The answer to the handshake.
        fileprivate(set) var head: String?
        /// What came behind an answer that is no upgrade.
        var body: String { String(decoding: bytes, as: UTF8.self) }
        fileprivate(set) var words: [SocketWord] = []
        fileprivate(set) var pings = 0
        fileprivate(set) var pongs: [[UInt8]] = []
        fileprivate(set) var closeCode: Int?
        fileprivate(set) var oddities: [String] = []
        /// The server has closed its side, in whichever way.
        fileprivate(set) var hasEnded = false
    }

    private let channel: any Channel
    private let inbox: Inbox

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    var received: Received { inbox.received.withLock { $0 } }
    var words: [SocketWord] { inbox.received.withLock { $0.words } }

    /// The lines of an upgrade request, to which a test may do what it likes.
    static func handshake(_ path: String) -> [String] {
        [
            "GET \(path) HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: cistern.v1",
        ]
    }

    /// Sends the lines, and right behind them the bytes, and waits for the head of the answer.
    ///
    /// - Parameter receiveBuffer: bytes that come before they are read; small for a client that is to be slow.
    static func open(
        port: Int, _ lines: [String], then bytes: [UInt8] = [], receiveBuffer: Int? = nil
    ) async throws -> LiveSocket {
        let inbox = Inbox()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox))
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let socket = LiveSocket(try await bootstrap.connect(host: "127.0.0.1", port: port).get(), inbox)
        try await socket.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + bytes)
        try await eventually("the handshake is answered") { socket.received.head != nil || socket.received.hasEnded }
        return socket
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    func send(_ text: String) async throws { try await send(Self.frame(text)) }

    /// - Parameter type: nil leaves it to the server.
    static func push(_ change: String, _ type: ChangeType? = nil, id: String, _ more: String = "") -> String {
        let kind = type.map { ",\"type\":\"\($0.rawValue)\"" } ?? ""
        return "{\"push\":{\"id\":\"\(id)\"\(kind)\(more),\"change\":\(change)}}"
    }

    func push(_ change: String, _ type: ChangeType? = nil, id: String, _ more: String = "") async throws {
        try await send(Self.push(change, type, id: id, more))
    }

    static func frame(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }

    static func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true) -> [UInt8] {
        let count = UInt64(payload.count)
        let masked: UInt8 = isMasked ? 0x80 : 0
        var bytes = [(isFinal ? 0x80 : 0) | opcode]
        switch count {
        case ...125: bytes.append(masked | UInt8(count))
        case ...0xffff: bytes += [masked | 126, UInt8(count >> 8), UInt8(count & 0xff)]
        default: bytes += [masked | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
        }
        guard isMasked else { return bytes + payload }
        let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    /// Sends a close frame and waits for the server's.
    func close(_ code: Int = 1000) async throws {
        try await send(Self.frame(8, [UInt8(code >> 8), UInt8(code & 0xff)]))
        try await eventually("the server closes too") { received.hasEnded }
    }

    /// Closes the connection without a word.
    func drop() { channel.close(promise: nil) }

    /// Stops or goes on reading.
    func read(_ reads: Bool) async throws { try await channel.setOption(.autoRead, value: reads).get() }

    // MARK: Waiting

    /// Waits for the first word that fits, from the number `start` on.
    @discardableResult
    func word(
        _ sentence: String, from start: Int = 0, within limit: Duration = .seconds(20),
        _ fits: (SocketWord) -> Bool
    ) async throws -> SocketWord {
        var found: SocketWord?
        try await eventually(within: limit, "a socket is told \(sentence)") {
            found = words.dropFirst(start).first(where: fits)
            return found != nil
        }
        return try found ?? { throw TestSupportError("No word.") }()
    }

    func has(_ count: Int, within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, "a socket has \(count) words") { words.count >= count }
    }

    /// Waits until a change has the outcome `ack`, or is refused or rejected, and says which with the problem's slug.
    func answer(to id: String, within limit: Duration = .seconds(20)) async throws -> String {
        let word = try await word("what became of \(id)", within: limit) { $0.id == id }
        switch word {
        case .ack: return "ack"
        case .refused(_, let problem): return "refused \(problem.slug)"
        case .rejected(_, let reason): return "rejected \(reason.slug)"
        case .state, .patch, .deleted, .presence, .other: return "\(word)"
        }
    }

    func rejection(of id: String, within limit: Duration = .seconds(20)) async throws -> String {
        var slug = ""
        try await word("that \(id) is rejected", within: limit) { word in
            guard case .rejected(id, let reason) = word else { return false }
            slug = reason.slug
            return true
        }
        return slug
    }

    /// What a client has that has taken all updates.
    func copy(from start: ClientCopy = ClientCopy()) -> ClientCopy { words.reduce(into: start) { $0.take($1) } }

    // MARK: Receiving

    fileprivate final class Inbox: Sendable {
        let received = Mutex(Received())
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let inbox: Inbox

        init(_ inbox: Inbox) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            let answers = inbox.received.withLock { $0.take(bytes) }
            guard !answers.isEmpty else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answers)), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { inbox.received.withLock { $0.hasEnded = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension LiveSocket.Received {
    /// - Returns: the bytes that answer what has come: pongs, and the close frame.
    fileprivate mutating func take(_ more: ByteBufferView) -> [UInt8] {
        bytes += more
        if head == nil {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
            head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            bytes.removeFirst(end.upperBound)
        }
        guard head?.hasPrefix("HTTP/1.1 101 ") == true else { return [] }
        var answers: [UInt8] = []
        var start = 0
        while let (first, payload) = Self.frame(in: bytes[start...]) {
            start = payload.upperBound
            answers += take(first, Array(bytes[payload]))
        }
        bytes.removeFirst(start)
        return answers
    }

    private mutating func take(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        switch first {
        case 0x81: words.append(SocketWord(payload))
        case 0x88:
            closeCode = payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1])
            return LiveSocket.frame(8, Array(payload.prefix(2)))
        case 0x89:
            pings += 1
            return LiveSocket.frame(10, payload)
        case 0x8a: pongs.append(payload)
        default: oddities.append("a frame that begins with \(first)")
        }
        return []
    }

    /// The first byte and the place of the payload of a whole frame. A server's frames are not masked.
    private static func frame(in bytes: ArraySlice<UInt8>) -> (UInt8, Range<Int>)? {
        guard bytes.count >= 2 else { return nil }
        let start = bytes.startIndex
        let more = [126: 2, 127: 8][bytes[start + 1]] ?? 0
        guard bytes.count >= 2 + more else { return nil }
        let length =
            more == 0
            ? Int(bytes[start + 1]) : bytes[(start + 2)..<(start + 2 + more)].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 2 + more + length else { return nil }
        return (bytes[start], (start + 2 + more)..<(start + 2 + more + length))
    }
}

extension TestCistern {
    func openSocket(
        of app: String = "board", _ query: String = "", from server: DaemonProcess? = nil, receiveBuffer: Int? = nil
    ) async throws -> LiveSocket {
        let lines = LiveSocket.handshake("/v1/apps/\(app)/socket\(query)")
        let socket = try await LiveSocket.open(port: (server ?? poller).port, lines, receiveBuffer: receiveBuffer)
        guard socket.received.head?.hasPrefix("HTTP/1.1 101 ") == true else {
            socket.drop()
            throw TestSupportError("No socket: \(socket.received.head ?? "nothing") \(socket.received.body)")
        }
        return socket
    }

    /// Opens a socket for as long as the body runs.
    func withSocket<Value>(
        of app: String = "board", _ query: String = "", from server: DaemonProcess? = nil,
        isolation: isolated (any Actor)? = #isolation, _ body: (LiveSocket) async throws -> Value
    ) async throws -> Value {
        let socket = try await openSocket(of: app, query, from: server)
        defer { socket.drop() }
        return try await body(socket)
    }
}
