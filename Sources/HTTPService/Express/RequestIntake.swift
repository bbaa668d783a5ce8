// What has come on a connection and belongs to nobody yet: finds the request that it begins with, and the lane that wants it.

import NIOCore
import RateLimits

struct RequestIntake {
    enum Finding {
        case incomplete
        /// A lane wants it when its body is there.
        case bodyMissing(ScannedRequest)
        case forLane(ScannedRequest, LaneSlot, Caller)
        /// A lane wants it, but its sender may not.
        case refused(ScannedRequest, LaneSlot, Problem)
        case forRoute(ScannedRequest)
        /// Only the decoder may judge it.
        case unusual
    }

    private(set) var held = ByteBuffer()
    /// The last request that a lane has taken.
    private var repeated: RepeatedRequest?
    /// Of the memory for bodies, taken for what is held of an incomplete request.
    private var reserved = 0

    /// Bytes of a body that a lane takes. Larger ones are rare, and the route collects them within its own bounds.
    private static let largestBody = 16 * 1024

    var count: Int { held.readableBytes }

    // MARK: Bytes

    mutating func add(_ bytes: ByteBuffer) {
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeImmutableBuffer(bytes)
        }
    }

    mutating func drop(_ bytes: Int) { held.moveReaderIndex(forwardBy: min(bytes, count)) }

    /// - Parameter note: of the lane that has answered this request, the first one here.
    mutating func drop(_ request: ScannedRequest, noting note: LaneNote?) {
        drop(request.bytes)
        if request.bodyBytes == 0 { repeated?.note = note }
    }

    mutating func slice(_ bytes: Int) -> ByteBuffer? { held.readSlice(length: bytes) }

    mutating func all() -> ByteBuffer {
        defer { held = ByteBuffer() }
        return held
    }

    /// Keeps no memory for nothing.
    mutating func trim() {
        if held.readableBytes == 0, held.capacity > 0 { held = ByteBuffer() }
    }

    /// Nothing more will be looked for.
    mutating func end(_ loop: LoopServices) {
        free(loop)
        repeated = nil
    }

    // MARK: Requests

    /// The request at the beginning of the bytes, if it is the last one over again.
    var repetition: RepeatedRequest? {
        guard let repeated, repeated.begins(held) else { return nil }
        return repeated
    }

    /// Takes the last request for a new one from now on, if its sender is to be believed no longer. To be asked now and then: to do so for
    /// every poll would cost more than it is worth.
    mutating func tick(_ now: NIODeadline) {
        if let repeated, repeated.caller.isOver(at: now) { self.repeated = nil }
    }

    /// What stands at the beginning of the bytes.
    mutating func next(_ loop: LoopServices) -> Finding {
        switch RequestScan(held.readableBytesUInt8Span, limits: loop.scanLimits) {
        case .incomplete: return .incomplete
        case .unusual: return .unusual
        case .request(let request):
            guard request.bodyBytes <= Self.largestBody, let slot = slot(for: request, loop) else {
                return Self.forRoute(request)
            }
            guard count >= request.bytes else {
                return reserve(request.bytes, loop) ? .bodyMissing(request) : .forRoute(request)
            }
            return admit(request, slot, loop)
        }
    }

    private mutating func admit(_ request: ScannedRequest, _ slot: LaneSlot, _ loop: LoopServices) -> Finding {
        let caller: Caller
        do throws(Problem) {
            caller = try loop.admission.admit(request, to: slot.lane, held.readableBytesUInt8Span)
        } catch {
            return .refused(request, slot, error)
        }
        if request.bodyBytes == 0 { repeated = loop.recent.find(request, slot, from: caller, in: held) }
        return .forLane(request, slot, caller)
    }

    /// For a request that no lane answers. After an upgrade the decoder reads no further request, whatever the route says.
    static func forRoute(_ request: ScannedRequest) -> Finding { request.isUpgrade ? .unusual : .forRoute(request) }

    /// What it is about, for limits.
    func application(of request: ScannedRequest) -> RateKey? { request.application(in: held.readableBytesUInt8Span) }

    private func slot(for request: ScannedRequest, _ loop: LoopServices) -> LaneSlot? {
        for slot in loop.slots where slot.lane.wants(request, held.readableBytesUInt8Span) { return slot }
        return nil
    }

    private mutating func reserve(_ bytes: Int, _ loop: LoopServices) -> Bool {
        guard reserved == 0 else { return true }
        guard loop.bodies.take(bytes) else { return false }
        reserved = bytes
        return true
    }

    /// Gives back what was taken of the memory for bodies.
    mutating func free(_ loop: LoopServices) {
        guard reserved > 0 else { return }
        loop.bodies.giveBack(reserved)
        reserved = 0
    }
}
