import CHiredis
import NIOCore

extension RedisCommand {
    /// Appends the command as it goes over the wire.
    ///
    /// - Returns: false if there was no memory for it; the buffer is then as it was.
    func write(into buffer: inout ByteBuffer) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: ends.count) { starts in
                unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: ends.count) { lengths in
                    var start = 0
                    for (index, end) in ends.enumerated() {
                        let argument = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                        unsafe starts.initializeElement(
                            at: index, to: argument.baseAddress?.assumingMemoryBound(to: CChar.self))
                        unsafe lengths.initializeElement(at: index, to: argument.count)
                        start = end
                    }
                    return unsafe Self.format(starts, lengths, into: &buffer)
                }
            }
        }
    }

    private static func format(
        _ starts: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>, _ lengths: UnsafeMutableBufferPointer<Int>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        var formatted: UnsafeMutablePointer<CChar>?
        let count = unsafe redisFormatCommandArgv(
            &formatted, Int32(starts.count), starts.baseAddress, lengths.baseAddress)
        guard count >= 0, let start = unsafe formatted else { return false }
        defer { unsafe redisFreeCommand(start) }
        unsafe buffer.writeBytes(UnsafeRawBufferPointer(start: start, count: Int(count)))
        return true
    }
}
