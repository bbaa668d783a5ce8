// What a peer sends on a socket, through the handlers that stand behind a handshake.

import HTTPService
import NIOCore
import NIOEmbedded
import NIOWebSocket

@testable import Sockets

/// The first byte says how long the pieces are in which the others come.
func fuzzFrames(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = input.dropFirst()
    let whole = FuzzedSocket.answers(to: bytes, inPiecesOf: max(bytes.count, 1))
    let pieces = FuzzedSocket.answers(to: bytes, inPiecesOf: Int(first) % 16 + 1)
    promise(whole == pieces, "Messages and answers are the same however frames are cut")
}

private final class FuzzedSocket: SocketEnd {
    struct Answers: Equatable {
        var messages: [SocketMessage] = []
        var sent = ByteBuffer()
        var closings = 0
    }

    /// Small enough that inputs come to it.
    private static let limits = {
        var limits = SocketLimits(presenceBytes: 16)
        limits.changeBytes = 192
        limits.envelopeBytes = 64
        return limits
    }()

    private var answers = Answers()

    func opened(_ socket: SocketHandler) {}
    func received(_ message: SocketMessage) { answers.messages.append(message) }
    func drained() {}
    func closed() { answers.closings += 1 }

    static func answers(to bytes: ArraySlice<UInt8>, inPiecesOf count: Int) -> Answers {
        let end = FuzzedSocket()
        let channel = EmbeddedChannel()
        let budget = BodyBudget(bytes: budgetBytes)
        let loop = SocketLoop(on: channel.eventLoop, limits: limits, incomplete: budget)
        let socket = SocketHandler(loop, end)
        do {
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ByteToMessageHandler(FrameDecoder(for: socket, limits: limits)))
            try pipeline.addHandler(socket)
            var rest = bytes
            while !rest.isEmpty, channel.isActive {
                try channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
                promise(budget.take(budgetBytes - mostBytes), "No more is held than a message and a frame may have")
                budget.giveBack(budgetBytes - mostBytes)
            }
            while let part = try channel.readOutbound(as: ByteBuffer.self) {
                end.answers.sent.writeImmutableBuffer(part)
            }
            _ = try channel.finish(acceptAlreadyClosed: true)
        } catch {
            promise(false, "Nothing that a peer sends is an error of the channel: \(error)")
        }
        promise(budget.take(budgetBytes), "Memory for incomplete messages is given back with the connection")
        promise(end.answers.closings == 1, "The end hears once that it is over")
        for message in end.answers.messages {
            switch message {
            case .text(let text):
                promise(text.readableBytes <= limits.messageBytes, "A message is no longer than it may be")
                promise(text.isValidUTF8, "Text is UTF-8")
            case .binary(let bytes):
                promise(bytes.readableBytes <= limits.messageBytes, "A message is no longer than it may be")
            }
        }
        return end.answers
    }

    private static let budgetBytes = 1 << 20
    /// Fragments of a message, and a frame with its head.
    private static let mostBytes = 2 * limits.messageBytes + 14
}
