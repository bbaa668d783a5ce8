// The gzip coding (RFC 1952) of bytes that are there as a whole.

import CZlib
package import NIOCore

package enum Gzip {
    /// zlib's level: what is compressed is compressed once and sent often, but somebody waits for the first time. The usual compromise
    /// of zlib itself; the higher ones take twice the time for a percent or two.
    private static let level: Int32 = 6

    /// The gzip coding of `bytes` as one member without name and time, so that equal bytes have equal codings.
    ///
    /// Nil if zlib has no memory for its tables (about 260 KiB), or for more than 2 GiB.
    package static func compress(_ bytes: ByteBuffer) -> ByteBuffer? {
        guard let count = UInt32(exactly: bytes.readableBytes), count <= Int32.max else { return nil }
        var stream = unsafe z_stream()
        guard unsafe cistern_gzip_begin(&stream, level) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        // Never less than what comes out, so one call is enough.
        let bound = unsafe Int(deflateBound(&stream, UInt(count)))
        var output = ByteBufferAllocator().buffer(capacity: bound)
        var isDone = false
        unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
            unsafe bytes.withUnsafeReadableBytes { input in
                // zlib reads from a pointer to bytes that it does not change.
                unsafe stream.next_in = UnsafeMutablePointer(
                    mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
                unsafe stream.avail_in = count
                unsafe stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe stream.avail_out = UInt32(room.count)
                isDone = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
                return unsafe Int(stream.total_out)
            }
        }
        return isDone ? output : nil
    }
}
