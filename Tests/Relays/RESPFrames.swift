package import NIOCore

/// Finds where commands or replies of Redis' protocol end, without reading what is in them.
package struct RESPFrames {
    private var pending = ByteBuffer()

    package init() {}

    package mutating func append(_ bytes: ByteBuffer) { pending.writeImmutableBuffer(bytes) }

    /// The next frame, if all of it is there.
    package mutating func next() -> ByteBuffer? {
        guard let length = length() else { return nil }
        let frame = pending.readSlice(length: length)
        if pending.readableBytes == 0 { pending.clear() }
        return frame
    }

    /// What is there of a frame that is not whole.
    package mutating func rest() -> ByteBuffer {
        defer { pending = ByteBuffer() }
        return pending
    }

    private func length() -> Int? {
        let bytes = pending.readableBytesView
        var at = bytes.startIndex
        var waiting = 1
        while waiting > 0 {
            guard at < bytes.endIndex, let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            waiting -= 1
            let number = Int(String(decoding: bytes[at..<end].dropFirst().dropLast(), as: UTF8.self)) ?? 0
            let kind = bytes[at]
            at = end + 1
            // A negative number stands for null.
            if kind == UInt8(ascii: "$"), number >= 0 { at += number + 2 }
            if kind == UInt8(ascii: "*"), number > 0 { waiting += number }
            guard at <= bytes.endIndex else { return nil }
        }
        return at - bytes.startIndex
    }
}

extension ByteBuffer {
    /// A message that somebody published, as a subscriber gets it.
    package var isPublishedMessage: Bool {
        readableBytesView.starts(with: "*3\r\n$7\r\nmessage\r\n".utf8)
    }
}
