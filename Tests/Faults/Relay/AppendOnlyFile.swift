import NIOCore

/// What is left of an append-only file once it was cut anywhere.
enum AppendOnlyFile {
    /// The length of the longest beginning that ends behind a whole command and outside of every transaction.
    ///
    /// Redis up to 8 and Valkey cut a torn file behind the last whole command, even if a transaction is open there
    /// (https://github.com/valkey-io/valkey/pull/4342): what is written next is then part of that transaction, and after the next restart
    /// half of a script's effects are applied. That is repaired by `redis-check-aof --fix`, as this does.
    static func wholeTransactions(in bytes: ByteBuffer) -> Int {
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
