import NIOCore

/// The content of chunks (RFC 9112 §7.1), as they come. Trailers and extensions are read over.
struct ChunkReader {
    private var pending = ByteBuffer()

    /// Bytes of a line that has no end.
    private static let maximumLine = 1_024
    /// Bytes of a chunk that nobody here sends.
    private static let maximumChunk = 16 << 20

    mutating func append(_ bytes: ByteBuffer) {
        pending.add(bytes)
    }

    /// - Throws: ``Wrong`` for what is no chunk, and for the last one: what is read here does not end.
    mutating func next() throws -> ByteBuffer? {
        let view = pending.readableBytesView
        guard let lineEnd = view.prefix(Self.maximumLine).firstIndex(of: UInt8(ascii: "\n")) else {
            if view.count > Self.maximumLine { throw Wrong("A chunk has no size.") }
            return nil
        }
        let size = try Self.size(view[view.startIndex..<lineEnd])
        let head = lineEnd - view.startIndex + 1
        guard pending.readableBytes >= head + size + 2 else { return nil }
        pending.moveReaderIndex(forwardBy: head)
        let content = pending.readSlice(length: size)
        guard pending.readBytes(length: 2) == Array("\r\n".utf8) else {
            throw Wrong("A chunk does not end where it says.")
        }
        return content
    }

    private static func size(_ line: ByteBufferView) throws -> Int {
        let digits = String(
            decoding: line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        guard let size = Int(digits, radix: 16), size >= 0, size <= maximumChunk else {
            throw Wrong("A chunk has the size “\(digits)”.")
        }
        guard size > 0 else { throw Wrong("The server ended a stream.") }
        return size
    }
}

extension ByteBuffer {
    /// Appends; takes the bytes as they are if there were none.
    mutating func add(_ bytes: ByteBuffer) {
        if readableBytes == 0 {
            self = bytes
        } else {
            writeImmutableBuffer(bytes)
        }
    }
}
