// The requests that came lately on one event loop. Thousands of clients that poll the same application send the same bytes: what is known
// of them is kept once, so that of each connection little has to be fetched into the processor's cache for its poll.

import NIOCore

struct RecentRequests {
    /// By the seeded hash of their bytes, so that nobody can choose requests that collide. Of two that do all the same, the second is
    /// known to its own connection alone.
    private var young: [Int: RepeatedRequest] = [:]
    private var old: [Int: RepeatedRequest] = [:]

    /// Requests of one generation: every loop's share of what polls a few thousand applications. What comes beyond is known to its own
    /// connection alone.
    private static let most = 4_096

    /// What is known of a request that a lane will answer.
    ///
    /// - Parameters:
    ///   - request: without a body.
    ///   - caller: who has just been found to send it. Another one than before if the token was verified anew.
    ///   - buffer: begins with it.
    mutating func find(
        _ request: ScannedRequest, _ slot: LaneSlot, from caller: Caller, in buffer: ByteBuffer
    ) -> RepeatedRequest? {
        let key = hash(of: buffer, length: request.headBytes)
        let known = young[key] ?? old[key]
        guard known?.begins(buffer) ?? true else { return RepeatedRequest(request, slot, from: caller, in: buffer) }
        if let known, known.caller === caller {
            if young.count < Self.most { young[key] = known }
            return known
        }
        let new = RepeatedRequest(request, slot, from: caller, in: buffer)
        if young[key] != nil || young.count < Self.most { young[key] = new }
        return new
    }

    /// Lets go of what has not come since the last time.
    mutating func age() {
        old = young
        young = [:]
    }

    private func hash(of buffer: ByteBuffer, length: Int) -> Int {
        var hasher = Hasher()
        unsafe buffer.withUnsafeReadableBytes { unsafe hasher.combine(bytes: .init(rebasing: $0.prefix(length))) }
        return hasher.finalize()
    }
}
