import Operations

/// What an operation has to be after anything that was done to it, without Redis. Time is counted in ticks, of which a lease is over after
/// three and a pause after two.
struct OperationModel {
    static let leaseTicks = 3
    static let pauseTicks = 2

    private(set) var status = OperationStatus.queued
    private(set) var attempt = 0
    let attempts: Int
    private var lease: (token: Int, end: Int)?
    private var readyAt = 0
    private var ended: (token: Int, verb: Verb)?
    private var claims = 0
    private(set) var isDeleted = false

    enum Verb: CaseIterable { case beat, succeed, fail, giveBack }

    init(attempts: Int) { self.attempts = attempts }

    mutating func settle(at now: Int) {
        guard let lease, lease.end <= now else { return }
        self.lease = nil
        if status == .cancelling {
            status = .cancelled
        } else {
            status = attempt >= attempts ? .dead : .queued
            readyAt = now
        }
    }

    /// - Returns: the number of the lease, nil if there is nothing to claim.
    mutating func claim(at now: Int) -> Int? {
        settle(at: now)
        guard !isDeleted, status == .queued, readyAt <= now else { return nil }
        claims += 1
        attempt += 1
        status = .running
        lease = (claims, now + Self.leaseTicks)
        return claims
    }

    /// - Returns: the case of the answer.
    mutating func work(_ verb: Verb, with token: Int, isRetryable: Bool, at now: Int) -> String {
        guard !isDeleted else { return "gone" }
        settle(at: now)
        guard let lease, lease.token == token else {
            return ended.map { $0 == (token, verb) } ?? false ? "known" : "lease-lost"
        }
        guard verb != .beat else {
            self.lease = (token, now + Self.leaseTicks)
            return "done"
        }
        self.lease = nil
        ended = (token, verb)
        switch (verb, status) {
        case (.succeed, _): status = .succeeded
        case (_, .cancelling): status = .cancelled
        case (.giveBack, _):
            attempt -= 1
            status = .queued
            readyAt = now
        case (.fail, _), (.beat, _):
            status = !isRetryable ? .failed : attempt >= attempts ? .dead : .queued
            readyAt = now + Self.pauseTicks
        }
        return "done"
    }

    mutating func cancel(deleting: Bool, at now: Int) -> String {
        guard !isDeleted else { return "gone" }
        settle(at: now)
        if status.isOver {
            isDeleted = deleting
            return deleting ? "deleted" : "over \(status)"
        }
        status = status == .queued ? .cancelled : .cancelling
        return "alive \(status)"
    }
}
