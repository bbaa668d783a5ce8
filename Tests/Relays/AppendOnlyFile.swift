package import NIOCore

/// What is left of an append-only file once it was cut anywhere.
package enum AppendOnlyFile {
    /// The length of the longest beginning that ends behind a whole command and outside of every transaction.
    ///
    /// What `redis-check-aof --fix` leaves of it.
    package static func wholeTransactions(in bytes: ByteBuffer) -> Int {
        var frames = RESPFrames()
        frames.append(bytes)
        var length = 0
        var whole = 0
        var isOpen = false
        while let frame = frames.next() {
            length += frame.readableBytes
            if frame.readableBytesView.starts(with: "*1\r\n$5\r\nMULTI\r\n".utf8) { isOpen = true }
            if frame.readableBytesView.starts(with: "*1\r\n$4\r\nEXEC\r\n".utf8) { isOpen = false }
            if !isOpen { whole = length }
        }
        return whole
    }
}
