// Answers that do not come at once: replies, patient replies, streams. A client that waits for one costs its connection's front and
// what the lane keeps of it; there is nothing behind the front.

package import NIOCore

/// The promise of an answer. It is kept exactly once, on the event loop, and not before the lane has returned. When the peer has left,
/// keeping it does nothing.
package struct LaneReply {
    let front: ConnectionFront

    /// - Parameter write: Writes one whole answer.
    package func callAsFunction(_ write: (AnswerBuffer) -> Void) { front.replied(write) }

    /// Makes this a patient reply, one that may take as long as the peer waits: the lane is told when that ends.
    ///
    /// Its time counts with those of requests that may wait. May be called before the lane returns.
    package func listen(_ waiter: any LaneWaiter) { front.listen(waiter) }

    /// Keeps the promise with an answer that has no end yet.
    ///
    /// - Parameters:
    ///   - waiter: Told what becomes of the peer, also if it has left already.
    ///   - head: Writes the head: ``AnswerBuffer/beginChunks(_:_:)``.
    package func begin(_ waiter: any LaneWaiter, _ head: (AnswerBuffer) -> Void) -> LaneStream {
        front.begin(waiter, head)
        return LaneStream(front: front)
    }
}

/// Whoever waits in a lane on behalf of a peer. The front keeps it until the reply, the end of the stream, or the peer's leaving.
package protocol LaneWaiter: AnyObject {
    /// The peer has closed or reset, or has not read for too long. Nothing more is written to it.
    func peerLeft()

    /// The server stops, or the peer has finished sending and may have gone: answer now with what there is, or end the stream. The
    /// connection closes behind it.
    func answerNow(_ reason: LaneHurry)

    /// A stream takes bytes again.
    func writableAgain()
}

/// Why an answer should wait no longer.
package enum LaneHurry {
    case serverStops
    case peerHasFinished
}

/// An answer that goes on. Bytes come framed from the lane, which may share them among any number of streams: ``ByteBuffer/init(chunk:)``.
package struct LaneStream {
    let front: ConnectionFront

    /// Whether the peer has read so much that more may be sent. If it reads nothing for as long as the limits say, it is closed.
    package var isWritable: Bool { front.isWritable }

    /// Writes what the lane sends in this turn. Not while ``isWritable`` is false: what is worth sending is known when it is again.
    package func send(_ bytes: ByteBuffer) { front.send(bytes) }

    /// Sends the last chunk. The answer is whole, and the connection goes on with its next request.
    package func end() { front.endStream() }

    /// The answer remains without its end, and the connection closes.
    package func abort() { front.abortStream() }
}

extension ByteBuffer {
    /// One chunk of an answer (RFC 9112 §7.1).
    ///
    /// - Parameter content: If it is empty this is no chunk at all, because an empty one would be the last.
    package init(chunk content: ByteBuffer) {
        guard content.readableBytes > 0 else {
            self = ByteBuffer()
            return
        }
        self = ByteBufferAllocator().buffer(capacity: content.readableBytes + Self.mostFraming)
        writeString(String(content.readableBytes, radix: 16))
        writeStaticString("\r\n")
        writeImmutableBuffer(content)
        writeStaticString("\r\n")
    }

    /// The chunk that ends an answer.
    static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    /// Bytes: sixteen digits and two ends of lines.
    private static let mostFraming = 20
}
