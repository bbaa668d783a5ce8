// Where lanes write their answers: one buffer per event loop, used again and again. The answers of one turn leave in one write.

import Documents
package import NIOCore

package final class AnswerBuffer {
    private var bytes = AnswerBuffer.room
    /// Where answers go.
    private var context: ChannelHandlerContext?
    /// Whose answers are counted.
    private var slot: LaneSlot?
    /// What the present request's origin, and what was paid for it, add to the head.
    private var requestFields: [UInt8] = []
    private var hasUnflushed = false
    /// `Date` and the empty line: the end of every head.
    private var ending: [UInt8] = []

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
        writeHead(head, fields)
        guard let body else { return }
        if body.readableBytes <= Self.largestCopy {
            bytes.writeImmutableBuffer(body)
        } else {
            pass()
            context?.write(NIOAny(body), promise: nil)
            hasUnflushed = true
        }
    }

    private func writeHead(_ head: AnswerHead, _ fields: AnswerFields) {
        slot?.count(status: head.status)
        // In one write: each makes sure of its room anew.
        let length = head.bytes.count + fields.bytes.count + requestFields.count + ending.count
        unsafe bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
            var end = 0
            func put(_ part: [UInt8]) {
                unsafe part.withUnsafeBytes { part in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: room[end...]).copyMemory(from: part)
                }
                end += part.count
            }
            put(head.bytes)
            put(fields.bytes)
            put(requestFields)
            put(ending)
            return end
        }
    }

    /// The same with a small body that was made for this answer alone.
    package func write(_ head: AnswerHead, _ fields: AnswerFields, body: [UInt8]?) {
        writeHead(head, fields)
        if let body { bytes.writeBytes(body) }
    }

    package func write(_ problem: Problem) {
        let body = problem.document.encoded()
        var fields = AnswerFields(problem.answerFields)
        fields.add("Content-Length", String(body.count))
        write(AnswerHead(problem.kind.status), fields, body: body)
    }

    /// Writes the head of an answer that is streamed in chunks (RFC 9112 §7.1).
    ///
    /// - Parameter fields: Without a length.
    package func beginChunks(_ head: AnswerHead, _ fields: AnswerFields) {
        var fields = fields
        fields.add("Transfer-Encoding", "chunked")
        writeHead(head, fields)
    }

    // MARK: For the connection

    /// Directs what `body` writes to a connection. One that was in the midst of its work goes on with it afterwards: what a lane does
    /// with a request may bring the reply to another.
    func direct(to context: ChannelHandlerContext, _ body: () -> Void) {
        let outer = (context: self.context, slot: slot, requestFields: requestFields)
        if outer.context != nil { flush() }
        self.context = context
        body()
        flush()
        self.context = outer.context
        slot = outer.slot
        requestFields = outer.requestFields
    }

    /// - Parameters:
    ///   - slot: Whose lane answers now.
    ///   - requestFields: What the request adds to the head.
    func prepare(_ slot: LaneSlot, _ requestFields: [UInt8]) {
        self.slot = slot
        self.requestFields = requestFields
    }

    /// Writes what has been gathered if it is much, so that what a peer can make us hold is bounded.
    func flushIfLarge() {
        if bytes.readableBytes >= Self.flushAt || hasUnflushed { flush() }
    }

    func flush() {
        guard bytes.readableBytes > 0 || hasUnflushed else { return }
        hasUnflushed = false
        guard bytes.readableBytes > 0 else {
            context?.flush()
            return
        }
        let gathered = NIOAny(bytes)
        // Whatever comes back here in the midst of the write finds nothing that it would write a second time.
        bytes.moveReaderIndex(forwardBy: bytes.readableBytes)
        // In one pass through the pipeline.
        context?.writeAndFlush(gathered, promise: nil)
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
