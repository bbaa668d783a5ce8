// Keeps from sending to an endpoint that fails most of the time, and asks now and then whether it is well again. Waiting costs a delivery no
// attempt. A state machine without a clock: time comes from outside.

package struct Circuit: Equatable, Sendable {
    package typealias Time = ContinuousClock.Instant

    package enum State: Equatable, Sendable {
        /// All is sent.
        case closed
        /// Nothing is sent until then.
        case open(until: Time)
        /// One is sent; who sends it has until then to say how it went.
        case halfOpen(until: Time)
    }

    package enum Pass: Equatable, Sendable {
        case all
        /// One, to see how it goes.
        case one
        case none(until: Time)
    }

    /// What counts is of the last five minutes.
    static let window: Duration = .seconds(300)
    static let slices = 10
    /// Fewer attempts say nothing.
    static let leastAttempts = 10
    /// Opens at 70 % failures.
    static let failurePercent = 70
    package static let openTime: Duration = .seconds(30)

    private struct Slice: Equatable {
        let start: Time
        var attempts = 0
        var failures = 0
    }

    package private(set) var state = State.closed
    private var seen: [Slice] = []

    package init() {}

    /// What may be sent now. Who is given one has to tell how it went.
    package mutating func pass(at now: Time) -> Pass {
        switch state {
        case .closed: return .all
        case .open(let until), .halfOpen(let until):
            guard now >= until else { return .none(until: until) }
            state = .halfOpen(until: now + Self.openTime)
            return .one
        }
    }

    package mutating func record(success: Bool, at now: Time) {
        switch (state, success) {
        case (.open, true), (.halfOpen, true):
            self = Circuit()
        case (.halfOpen, false):
            state = .open(until: now + Self.openTime)
        // What was under way when it opened.
        case (.open, false): break
        case (.closed, _):
            count(success, at: now)
            let attempts = seen.reduce(0) { $0 + $1.attempts }
            let failures = seen.reduce(0) { $0 + $1.failures }
            if attempts >= Self.leastAttempts, failures * 100 >= attempts * Self.failurePercent {
                self = Circuit()
                state = .open(until: now + Self.openTime)
            }
        }
    }

    /// The probe was not made after all.
    package mutating func giveBack(at now: Time) {
        if case .halfOpen = state { state = .open(until: now) }
    }

    private mutating func count(_ success: Bool, at now: Time) {
        seen.removeAll { now - $0.start >= Self.window }
        if seen.last.map({ now - $0.start >= Self.window / Self.slices }) ?? true { seen.append(Slice(start: now)) }
        seen[seen.count - 1].attempts += 1
        if !success { seen[seen.count - 1].failures += 1 }
    }
}
