import NIOCore

/// Server-Sent Events (HTML §9.2), as they come: the data of each event that has any. Lines end with a line feed, which is what the
/// servers here send.
struct EventReader {
    private var pending = ByteBuffer()
    /// Of the event whose end has not come.
    private var data: ByteBuffer?

    /// Bytes of a line that nobody here sends.
    private static let maximumLine = 16 << 20
    private static let field = Array("data:".utf8)

    mutating func append(_ bytes: ByteBuffer) {
        pending.add(bytes)
    }

    mutating func next() throws -> ByteBuffer? {
        while var line = try line() {
            guard line.readableBytes > 0 else {
                defer { data = nil }
                if let data { return data }
                continue
            }
            guard line.readableBytesView.starts(with: Self.field) else { continue }
            line.moveReaderIndex(forwardBy: Self.field.count)
            if line.readableBytesView.first == UInt8(ascii: " ") { line.moveReaderIndex(forwardBy: 1) }
            guard data == nil else { throw Wrong("An event has more than one line of data.") }
            data = line
        }
        return nil
    }

    /// Without its end.
    private mutating func line() throws -> ByteBuffer? {
        guard let end = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            if pending.readableBytes > Self.maximumLine { throw Wrong("A line of an event has no end.") }
            return nil
        }
        let line = pending.readSlice(length: end - pending.readerIndex)
        pending.moveReaderIndex(forwardBy: 1)
        return line
    }
}
