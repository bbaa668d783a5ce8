// HTTP/1.1 answers, cut out of a stream of bytes. The generator has a reader of its own because a library's would cost more than what is
// being measured, and because sizes are compared to the byte.

import Glibc
import NIOCore

struct Answer: Sendable {
    let status: Int
    /// Status line and header, with the empty line.
    let head: ByteBuffer
    let body: ByteBuffer

    /// Bytes on the wire.
    var size: Int { head.readableBytes + body.readableBytes }

    var text: String { String(buffer: body) }

    /// A header field by its name in lower case.
    func header(_ name: String) -> String? {
        for line in String(buffer: head).split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
            return line[line.index(after: colon)...].drop { $0 == " " }.description
        }
        return nil
    }

    var etag: String? { header("etag") }
}

/// Takes bytes in as they come and gives whole answers out. A value; knows nothing of sockets.
struct AnswerReader {
    private var pending = ByteBuffer()

    /// Bytes of a header that has no end: nobody sends that.
    private static let maximumHead = 64 << 10

    mutating func append(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// - Throws: ``Wrong`` for what is no answer with a known length.
    mutating func next() throws -> Answer? {
        guard pending.readableBytes > 0 else { return nil }
        guard let shape = try unsafe pending.withUnsafeReadableBytes({ try unsafe Self.shape(of: $0) }),
            pending.readableBytes >= shape.head + shape.body, let head = pending.readSlice(length: shape.head),
            let body = pending.readSlice(length: shape.body)
        else { return nil }
        return Answer(status: shape.status, head: head, body: body)
    }

    /// The head of an answer whose body goes on for ever, without a body; what follows is got by ``takeRest()``.
    mutating func nextHead() throws -> Answer? {
        guard pending.readableBytes > 0,
            let shape = try unsafe pending.withUnsafeReadableBytes({ try unsafe Self.start(of: $0) }),
            let head = pending.readSlice(length: shape.head)
        else { return nil }
        return Answer(status: shape.status, head: head, body: ByteBuffer())
    }

    /// What has come and is not read yet; the reader does not have it any more.
    mutating func takeRest() -> ByteBuffer {
        defer { pending = ByteBuffer() }
        return pending
    }

    private struct Shape {
        let status: Int
        let head: Int
        let body: Int
    }

    private static func start(of bytes: UnsafeRawBufferPointer) throws -> (status: Int, head: Int)? {
        guard let head = unsafe headLength(bytes) else {
            if bytes.count > maximumHead { throw Wrong("An answer's header has no end.") }
            return nil
        }
        // “HTTP/1.1 200”
        guard head >= 16, unsafe bytes.starts(with: "HTTP/1.".utf8) else { throw Wrong("That is no HTTP answer.") }
        return ((9..<12).reduce(0) { unsafe $0 * 10 + Int(bytes[$1]) - 48 }, head)
    }

    private static func shape(of bytes: UnsafeRawBufferPointer) throws -> Shape? {
        guard let (status, head) = try unsafe start(of: bytes) else { return nil }
        if status == 304 || status == 204 || status < 200 { return Shape(status: status, head: head, body: 0) }
        guard let length = unsafe contentLength(UnsafeRawBufferPointer(rebasing: bytes[..<head])) else {
            throw Wrong("An answer has no Content-Length.")
        }
        return Shape(status: status, head: head, body: length)
    }

    /// Up to and with the empty line; nil if that has not come yet.
    static func headLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        var line = 0
        while let found = unsafe memchr(start + line, 10, bytes.count - line) {
            let next = unsafe start.distance(to: UnsafeRawPointer(found)) + 1
            if next - line == 2, line > 0 { return next }
            line = next
        }
        return nil
    }

    private static let name = Array("content-length:".utf8)

    static func contentLength(_ head: UnsafeRawBufferPointer) -> Int? {
        var line = 0
        while line < head.count {
            if head.count - line > name.count
                && name.indices.allSatisfy({ unsafe head[line + $0] | 0x20 == name[$0] | 0x20 })
            {
                var value = 0
                for index in (line + name.count)..<head.count {
                    let byte = unsafe head[index]
                    if byte == UInt8(ascii: " ") { continue }
                    guard byte >= 48, byte <= 57 else { break }
                    value = value * 10 + Int(byte) - 48
                }
                return value
            }
            guard let next = unsafe head[line...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            line = next + 1
        }
        return nil
    }
}
