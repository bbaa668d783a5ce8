// Whether a peer takes what was written to it, however slowly. That a channel is writable says too little: one large state may keep it
// from that for minutes while the peer reads steadily.

import Glibc
package import NIOCore

/// What a peer has not taken, from look to look.
package struct UntakenBytes {
    private var last = 0

    package init() {}

    /// - Returns: whether it is less than at the last look.
    package mutating func shrinks(to bytes: Int) -> Bool {
        defer { last = bytes }
        return bytes < last
    }
}

extension Channel {
    /// Bytes that were written and that the peer's system has not acknowledged: those that the channel holds, and those that our system
    /// does (TIOCOUTQ, tcp(7) and unix(7)), which may be megabytes. On the channel's event loop.
    package var untakenBytes: Int {
        let held = (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let queued = try? pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            socket in
            var bytes: CInt = 0
            return unsafe ioctl(socket, UInt(TIOCOUTQ), &bytes) == 0 ? Int(bytes) : 0
        }
        return held + (queued ?? 0)
    }
}
