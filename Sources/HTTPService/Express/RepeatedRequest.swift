// A request that was sent before. Clients that poll send the same bytes until the state changes, and bytes that are the
// same need not be understood again.

import Glibc
import NIOCore
import RateLimits

/// A class, because it is looked at with every poll and made with few, and because all connections share it that send the same.
final class RepeatedRequest {
    let request: ScannedRequest
    let slot: LaneSlot
    let caller: Caller
    /// How the lane answered it, if it may do so again.
    var note: LaneNote?
    /// Found when it is asked for first: where nothing is limited nobody does.
    private(set) lazy var application = findApplication()
    private let bytes: [UInt8]

    /// - Parameters:
    ///   - request: without a body.
    ///   - buffer: begins with it.
    init?(_ request: ScannedRequest, _ slot: LaneSlot, from caller: Caller, in buffer: ByteBuffer) {
        guard let bytes = buffer.getBytes(at: buffer.readerIndex, length: request.headBytes) else { return nil }
        self.request = request
        self.slot = slot
        self.caller = caller
        self.bytes = bytes
    }

    private func findApplication() -> RateKey? {
        let bytes = self.bytes
        return request.application(in: bytes.span)
    }

    /// Whether a buffer begins with the very same request.
    func begins(_ buffer: ByteBuffer) -> Bool {
        guard buffer.readableBytes >= bytes.count else { return false }
        return unsafe buffer.withUnsafeReadableBytes { other in
            unsafe bytes.withUnsafeBytes { own in
                guard let own = own.baseAddress, let other = other.baseAddress else { return false }
                return unsafe memcmp(own, other, bytes.count) == 0
            }
        }
    }
}
