// One WebSocket: carries out what `SocketProgress` decides. An idle connection is its channel, its front, and two handlers:
//
//     ConnectionFront ─▶ frame decoder ─▶ SocketHandler ─▶ SocketEnd
//
// A peer that does not read is not read either, so what it makes us answer is bounded by what one read brings.

import HTTPService
package import NIOCore
package import NIOWebSocket

package final class SocketHandler: ChannelDuplexHandler {
    package typealias InboundIn = WebSocketFrame
    package typealias OutboundIn = Never
    package typealias OutboundOut = ByteBuffer

    private let loop: SocketLoop
    var eventLoop: any EventLoop { loop.eventLoop }
    private var progress: SocketProgress
    /// Let go of when the connection ends.
    private var end: (any SocketEnd)?
    private var context: ChannelHandlerContext?
    /// In the event loop's list of sockets.
    var place = 0
    /// Bytes of a frame that the decoder holds.
    private var frameBytes = 0
    /// Of the memory for incomplete messages.
    private var reserved = 0
    private var isWritable = true
    private var isReadHeld = false
    /// Between a read and its end: then what is written leaves together.
    private var isTaking = false
    private var hasUnflushed = false

    /// Whether the end wants more messages. If not, no more is read.
    package var wantsMore = true {
        didSet { readIfHeld() }
    }

    init(_ loop: SocketLoop, _ end: any SocketEnd) {
        self.loop = loop
        self.end = end
        progress = SocketProgress(loop.limits, silence: loop.silence())
    }

    // MARK: Sending

    /// Sends a frame, whether or not the peer takes what was sent before. For what is owed to it, of which there is a bounded number.
    package func send(_ frame: SocketFrame) {
        guard progress.phase == .open else { return }
        write(frame)
    }

    /// Sends a frame if the peer takes what was sent before.
    ///
    /// - Returns: whether it did. If not, `drained` tells when it is worth trying again.
    package func offer(_ frame: SocketFrame) -> Bool {
        guard progress.phase == .open, isWritable else { return false }
        write(frame)
        return true
    }

    /// Begins the closing handshake.
    package func close(_ close: SocketClose) { perform(progress.close(close)) }

    private func write(_ frame: SocketFrame) {
        guard let context else { return }
        if isTaking {
            context.write(wrapOutboundOut(frame.bytes), promise: nil)
            hasUnflushed = true
        } else {
            context.writeAndFlush(wrapOutboundOut(frame.bytes), promise: nil)
        }
    }

    private func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        context?.flush()
    }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isWritable = context.channel.isWritable
        loop.opened(self)
        end?.opened(self)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
        reserve(0)
        loop.closed(self)
    }

    private func leave() {
        let leaving = end
        end = nil
        leaving?.closed()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            end?.drained()
            readIfHeld()
        }
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: perform(progress.inputClosed())
        case is ChannelShouldQuiesceEvent: close(SocketClose(.goingAway, "The server stops."))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The channel is broken.
        perform(progress.inputClosed())
    }

    /// Told about once a second.
    func tick(_ now: NIODeadline) {
        guard let context else { return }
        perform(
            progress.tick(
                now, isReading: mayRead, isWritable: isWritable, isHolding: frameBytes > 0,
                untaken: context.channel.untakenBytes))
    }

    // MARK: Receiving

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isTaking = true
        frameBytes = 0
        perform(progress.received(unwrapInboundIn(data)))
        if reserved > 0 || progress.incompleteBytes > 0, !reserve(progress.incompleteBytes) { refuseMemory() }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isTaking = false
        flush()
        context.fireChannelReadComplete()
    }

    package func read(context: ChannelHandlerContext) {
        if mayRead {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    private var mayRead: Bool { progress.phase != .open || (isWritable && wantsMore) }

    private func readIfHeld() {
        guard isReadHeld, mayRead else { return }
        isReadHeld = false
        context?.read()
    }

    // MARK: For the decoder

    /// Whether what comes is still to be decoded.
    var isListening: Bool { progress.phase != .closed }

    /// The decoder waits for the rest of a frame.
    func holds(_ bytes: Int) {
        progress.heard()
        frameBytes = bytes
        if !reserve(progress.incompleteBytes + bytes) { refuseMemory() }
    }

    func malformed(_ error: NIOWebSocketError) { perform(progress.malformed(error)) }

    /// - Returns: whether there is so much memory for incomplete messages.
    @discardableResult
    private func reserve(_ bytes: Int) -> Bool {
        if bytes > reserved {
            guard loop.incomplete.take(bytes - reserved) else { return false }
        } else if bytes < reserved {
            loop.incomplete.giveBack(reserved - bytes)
        }
        reserved = bytes
        return true
    }

    private func refuseMemory() {
        perform(progress.fail(SocketClose(.tryAgainLater, "Too many large messages are on their way.")))
    }

    // MARK: Actions

    private func perform(_ action: SocketProgress.Action) {
        guard let context else { return }
        switch action {
        case .nothing: break
        case .deliver(let message): end?.received(message)
        case .ping: write(SocketFrame(.ping))
        case .pong(let payload): write(SocketFrame(.pong, payload))
        case .close(let close):
            write(SocketFrame(close))
            readIfHeld()
        case .finish(let close):
            if let close { write(SocketFrame(close)) }
            flush()
            // It waits for what was written.
            context.close(mode: .output, promise: nil)
            leave()
            readIfHeld()
        case .drop: context.close(promise: nil)
        }
    }
}
