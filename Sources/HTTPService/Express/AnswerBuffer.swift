// Where lanes write their answers: one buffer per event loop, used again and again. The answers of one turn leave in one write.

import Documents
package import NIOCore

package final class AnswerBuffer {
    private var bytes = AnswerBuffer.room
    private var context: ChannelHandlerContext?
    private var hasUnflushed = false
    /// `Date` and the empty line: the end of every head.
    private var ending: [UInt8] = []
    /// What the present request's origin adds to the head.
    var originFields: [UInt8] = []
    /// Whose answers are counted.
    var slot: LaneSlot?

    /// Bytes of a body that are copied behind their head: cheaper than a second element in the write.
    private static let largestCopy = 4 * 1024
    /// Bytes that are gathered before they are written.
    private static let flushAt = 64 * 1024
    /// Bytes of room that are kept between turns. A peer that does not read holds on to as much for a small answer.
    private static let usualCapacity = 8 * 1024

    private static var room: ByteBuffer { ByteBufferAllocator().buffer(capacity: usualCapacity) }

    func setDate(_ date: String) { ending = Array("Date: \(date)\r\n\r\n".utf8) }

    // MARK: For lanes

    /// Writes one answer.
    ///
    /// - Parameters:
    ///   - head: Its Content-Length, or that of the further fields, is the body's.
    ///   - fields: Further ones, which change more often than the head.
    package func write(_ head: AnswerHead, _ fields: AnswerFields, body: ByteBuffer? = nil) {
        slot?.count(status: head.status)
        bytes.writeBytes(head.bytes)
        bytes.writeBytes(fields.bytes)
        bytes.writeBytes(originFields)
        bytes.writeBytes(ending)
        guard let body else { return }
        if body.readableBytes <= Self.largestCopy {
            bytes.writeImmutableBuffer(body)
        } else {
            pass()
            context?.write(NIOAny(body), promise: nil)
            hasUnflushed = true
        }
    }

    /// The same with a small body that was made for this answer alone.
    package func write(_ head: AnswerHead, _ fields: AnswerFields, body: [UInt8]?) {
        write(head, fields)
        if let body { bytes.writeBytes(body) }
    }

    package func write(_ problem: Problem) {
        let body = problem.document.encoded()
        var fields = AnswerFields(problem.answerFields)
        fields.add("Content-Length", String(body.count))
        write(AnswerHead(problem.kind.status), fields, body: body)
    }

    // MARK: For the connection

    /// Directs what is written to a channel until `finish`.
    func begin(_ context: ChannelHandlerContext) { self.context = context }

    /// Writes what has been gathered if it is much, so that what a peer can make us hold is bounded.
    func flushIfLarge() {
        if bytes.readableBytes >= Self.flushAt || hasUnflushed { flush() }
    }

    func finish() {
        flush()
        context = nil
        slot = nil
    }

    private func flush() {
        if bytes.readableBytes > 0 {
            // In one pass through the pipeline.
            context?.writeAndFlush(NIOAny(bytes), promise: nil)
        } else if hasUnflushed {
            context?.flush()
        } else {
            return
        }
        hasUnflushed = false
        // The channel has written the bytes and let go of them, or else this takes new ones.
        if bytes.capacity > Self.usualCapacity {
            bytes = Self.room
        } else {
            bytes.clear()
        }
    }

    /// Hands the gathered bytes to the channel.
    private func pass() {
        guard bytes.readableBytes > 0 else { return }
        context?.write(NIOAny(bytes), promise: nil)
        hasUnflushed = true
        bytes.moveReaderIndex(forwardBy: bytes.readableBytes)
    }
}
