// How far one WebSocket has come, and what follows from it (RFC 6455). No I/O: events in, actions out; `SocketHandler` carries them
// out.
//
//     open ──our close frame──▶ closing ──the peer's, or its time is over──▶ closed
//       └───────the peer's close frame, a broken rule───────────────────────────▲
//
// In `closed` the last frame has gone: what still comes is thrown away until the peer closes too.

import HTTPService
import NIOCore
import NIOWebSocket

struct SocketProgress {
    enum Phase: Equatable {
        case open
        /// Our close frame has gone, the peer's has not come.
        case closing
        case closed
    }

    enum Action: Equatable {
        case nothing
        case deliver(SocketMessage)
        case ping
        case pong(ByteBuffer)
        /// Send this close frame and wait for the peer's.
        case close(SocketClose)
        /// Send this close frame, if any, end the sending side, and read on until the peer has closed too.
        case finish(SocketClose?)
        /// Close the connection without a further word.
        case drop
    }

    private(set) var phase = Phase.open {
        didSet { end.renew() }
    }
    private var assembly: MessageAssembly
    private let limits: SocketLimits
    /// After which this peer is pinged.
    private let silence: Duration

    private var wasHeard = false
    private var awaitsPong = false
    private var quiet = Patience()
    private var message = Patience()
    private var stall = Patience()
    private var untaken = UntakenBytes()
    private var end = Patience()

    init(_ limits: SocketLimits, silence: Duration) {
        self.limits = limits
        self.silence = silence
        assembly = MessageAssembly(limit: limits.messageBytes)
    }

    /// Bytes of fragments that are kept.
    var incompleteBytes: Int { assembly.count }

    // MARK: Frames

    mutating func received(_ frame: WebSocketFrame) -> Action {
        wasHeard = true
        do {
            return try take(frame)
        } catch {
            return fail(error)
        }
    }

    private mutating func take(_ frame: WebSocketFrame) throws(SocketClose) -> Action {
        guard phase != .closed else { return .nothing }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            throw SocketClose(.protocolError, "A reserved bit is set; no extension was agreed upon.")
        }
        guard frame.maskKey != nil else { throw SocketClose(.protocolError, "A client's frames are masked.") }
        switch frame.opcode {
        case .text:
            return try deliver(frame) { message, payload throws(SocketClose) in
                try message.begin(isText: true, payload, isFinal: frame.fin)
            }
        case .binary:
            return try deliver(frame) { message, payload throws(SocketClose) in
                try message.begin(isText: false, payload, isFinal: frame.fin)
            }
        case .continuation:
            return try deliver(frame) { message, payload throws(SocketClose) in
                try message.go(on: payload, isFinal: frame.fin)
            }
        case .ping: return phase == .open ? .pong(frame.unmaskedData) : .nothing
        case .pong: return .nothing
        case .connectionClose: return try peerCloses(SocketClose(reading: frame.unmaskedData))
        default: throw SocketClose(.protocolError, "A frame has an opcode that means nothing.")
        }
    }

    private mutating func deliver(
        _ frame: WebSocketFrame, _ take: (inout MessageAssembly, ByteBuffer) throws(SocketClose) -> SocketMessage?
    ) throws(SocketClose) -> Action {
        // After our close frame nobody wants to know any more.
        guard phase == .open else { return .nothing }
        guard let whole = try take(&assembly, frame.unmaskedData) else { return .nothing }
        message.renew()
        return .deliver(whole)
    }

    private mutating func peerCloses(_ close: SocketClose) -> Action {
        defer { phase = .closed }
        // Of two close frames that met on the way, neither is answered.
        return .finish(phase == .closing ? nil : SocketClose(close.code))
    }

    /// Bytes have come that are no whole frame yet.
    mutating func heard() { wasHeard = true }

    /// The decoder can make nothing of what came.
    mutating func malformed(_ error: NIOWebSocketError) -> Action {
        switch error {
        case .invalidFrameLength: fail(.tooLarge(limits.messageBytes))
        case .fragmentedControlFrame: fail(SocketClose(.protocolError, "A control frame is fragmented."))
        case .multiByteControlFrameLength:
            fail(SocketClose(.protocolError, "A control frame has more than \(SocketClose.maximumBytes) bytes."))
        }
    }

    /// Ends the connection for a reason that the peer is told, without waiting for its answer (RFC 6455 §7.1.7).
    mutating func fail(_ close: SocketClose) -> Action {
        switch phase {
        case .open:
            phase = .closed
            return .finish(close)
        case .closing:
            phase = .closed
            return .finish(nil)
        case .closed: return .nothing
        }
    }

    // MARK: Our side

    /// Begins the closing handshake.
    mutating func close(_ close: SocketClose) -> Action {
        guard phase == .open else { return .nothing }
        phase = .closing
        return .close(close)
    }

    /// The peer has finished sending, with or without a close frame.
    mutating func inputClosed() -> Action {
        phase = .closed
        return .drop
    }

    // MARK: Time

    /// Now and then, about once a second.
    ///
    /// - Parameters:
    ///   - isReading: Whether we take what the peer sends. While we do not, its silence is our doing.
    ///   - isWritable: Whether the peer takes what we send.
    ///   - isHolding: Whether a part of a frame has come.
    ///   - untaken: Bytes that the peer has not taken. Asked for only while it is in doubt that it does.
    mutating func tick(
        _ now: NIODeadline, isReading: Bool, isWritable: Bool, isHolding: Bool, untaken: @autoclosure () -> Int
    ) -> Action {
        switch phase {
        case .closed: return end.isOver(now, while: true, limit: limits.linger) ? .drop : .nothing
        case .closing: return end.isOver(now, while: true, limit: limits.closeDeadline) ? drop() : .nothing
        case .open: break
        }
        if isWritable, !awaitsPong {
            self.untaken = UntakenBytes()
        } else if self.untaken.shrinks(to: untaken()) {
            // It reads what was sent before. A ping may be far behind that.
            wasHeard = true
            stall.renew()
        }
        if stall.isOver(now, while: !isWritable, limit: limits.writeStall) { return drop() }
        let isWaiting = isReading && (isHolding || assembly.isIncomplete)
        if message.isOver(now, while: isWaiting, limit: limits.messageDeadline) {
            return fail(SocketClose(.policyViolation, "A message was not complete in time."))
        }
        return listen(now, isReading: isReading)
    }

    private mutating func listen(_ now: NIODeadline, isReading: Bool) -> Action {
        if wasHeard || !isReading {
            wasHeard = false
            awaitsPong = false
            quiet.renew()
        }
        guard quiet.isOver(now, while: true, limit: awaitsPong ? limits.pongDeadline : silence) else { return .nothing }
        guard !awaitsPong else { return drop() }
        awaitsPong = true
        quiet.renew()
        _ = quiet.isOver(now, while: true, limit: limits.pongDeadline)
        return .ping
    }

    private mutating func drop() -> Action {
        phase = .closed
        return .drop
    }
}
