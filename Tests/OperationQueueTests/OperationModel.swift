import Operations

/// What an operation has to be after anything that was done to it, without Redis. Time is counted in ticks, of which a lease is over after
/// three and a pause after two.
struct OperationModel {
    static let leaseTicks = 3
    static let pauseTicks = 2

    /// In ticks; nil for as long as it takes.
    struct Deadlines {
        var start: Int?
        var attempt: Int?
        var total: Int?
    }

    enum Verb { case beat, succeed, fail, giveBack }

    private(set) var status = OperationStatus.queued {
        // Each status is written once, also where it is the same as the one before.
        didSet { said.append(status) }
    }
    private(set) var attempt = 0
    /// All that is to be said of it, in order.
    private(set) var said = [OperationStatus.queued]
    private(set) var isDeleted = false
    let attempts: Int
    private let deadlines: Deadlines
    private var lease: (token: Int, end: Int)?
    private var readyAt = 0
    private var ended: (token: Int, verb: Verb)?
    private var claims = 0
    /// Since when the deadlines count.
    private var first = 0
    private var attemptEnd: Int?

    init(attempts: Int, deadlines: Deadlines) {
        self.attempts = attempts
        self.deadlines = deadlines
    }

    private var totalEnd: Int? { deadlines.total.map { first + $0 } }
    private var startEnd: Int? { deadlines.start.map { first + $0 } }

    private static func isOver(_ end: Int?, at now: Int) -> Bool { end.map { $0 <= now } ?? false }

    private func leaseEnd(at now: Int) -> Int {
        min(now + Self.leaseTicks, attemptEnd ?? .max, totalEnd ?? .max)
    }

    mutating func settle(at now: Int) {
        if let lease {
            guard lease.end <= now else { return }
            self.lease = nil
            if status == .cancelling {
                status = .cancelled
            } else if Self.isOver(totalEnd, at: now) || attempt >= attempts {
                status = .dead
            } else {
                status = .queued
                readyAt = now
            }
        } else if status == .queued {
            let isLate = attempt == 0 && Self.isOver(startEnd, at: now)
            if isLate || Self.isOver(totalEnd, at: now) { status = .dead }
        }
    }

    /// - Returns: the number of the lease, nil if there is nothing to claim.
    mutating func claim(at now: Int) -> Int? {
        settle(at: now)
        guard !isDeleted, status == .queued, readyAt <= now else { return nil }
        claims += 1
        attempt += 1
        attemptEnd = deadlines.attempt.map { now + $0 }
        lease = (claims, leaseEnd(at: now))
        status = .running
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
            self.lease = (token, leaseEnd(at: now))
            return "done"
        }
        self.lease = nil
        ended = (token, verb)
        switch (verb, status) {
        case (.succeed, _): status = .succeeded
        case (_, .cancelling): status = .cancelled
        case (.giveBack, _):
            attempt -= 1
            readyAt = now
            status = .queued
        case (.fail, _), (.beat, _):
            readyAt = now + Self.pauseTicks
            // The next attempt would begin when its time is over.
            let isLast = attempt >= attempts || Self.isOver(totalEnd, at: readyAt)
            status = !isRetryable ? .failed : isLast ? .dead : .queued
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
        if status != .cancelling { status = status == .queued ? .cancelled : .cancelling }
        return "alive \(status)"
    }

    mutating func retry(at now: Int) -> String {
        guard !isDeleted else { return "gone" }
        settle(at: now)
        guard status == .dead else { return "refused \(status)" }
        attempt = 0
        first = now
        readyAt = now
        attemptEnd = nil
        status = .queued
        return "retried \(status)"
    }
}
