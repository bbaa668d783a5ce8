// Which applications are due, which pause and which are being worked on: a value, so that its rules can be tested without a clock or
// a server.
//
//     ──hint──▶ waiting ──next──▶ working ──finish, nothing more──▶ (not here)
//         │        ▲                 │
//         │      wake       finish, due again
//         └──▶  pausing ◀───────────┘
//
// One that was published just now pauses without holding a place to work. A hint for one that is not here and need not pause is waiting
// at once.

import DequeModule
import Fold

/// An application is worked on by one task at a time. A hint for one that is being worked on is remembered, not queued twice, so the
/// queue is never longer than there are applications.
struct WorkQueue {
    typealias Instant = ContinuousClock.Instant

    /// Why an application is due.
    enum Cause: Comparable {
        /// It stands in the dirty set: there may be something to fold, or to trim.
        case sweep
        /// Something was pushed, or is known to be left.
        case news
    }

    private enum Phase {
        case waiting(Cause)
        /// Due, but not yet.
        case pausing(Cause)
        case working
        /// Worked on, and due again.
        case workingAndDue(Cause)
    }

    private var phases: [ApplicationID: Phase] = [:]
    private var waiting = Deque<ApplicationID>()
    private var working = 0
    private let concurrency: Int

    init(concurrency: Int) {
        self.concurrency = max(1, concurrency)
    }

    var isIdle: Bool { phases.isEmpty }

    /// Notes that there may be something to do, from `notBefore` on.
    ///
    /// - Returns: when the caller has to wake the application; nil if nobody has to, or somebody does already.
    mutating func hint(_ application: ApplicationID, _ cause: Cause, notBefore: Instant, now: Instant) -> Instant? {
        switch phases[application] {
        case nil: return enter(application, cause, notBefore: notBefore, now: now)
        case .waiting(let earlier): phases[application] = .waiting(max(cause, earlier))
        case .pausing(let earlier): phases[application] = .pausing(max(cause, earlier))
        case .working: phases[application] = .workingAndDue(cause)
        case .workingAndDue(let earlier): phases[application] = .workingAndDue(max(cause, earlier))
        }
        return nil
    }

    private mutating func enter(
        _ application: ApplicationID, _ cause: Cause, notBefore: Instant, now: Instant
    ) -> Instant? {
        guard notBefore <= now else {
            phases[application] = .pausing(cause)
            return notBefore
        }
        phases[application] = .waiting(cause)
        waiting.append(application)
        return nil
    }

    /// The pause is over.
    mutating func wake(_ application: ApplicationID) {
        guard case .pausing(let cause) = phases[application] else { return }
        phases[application] = .waiting(cause)
        waiting.append(application)
    }

    /// Forgets those that pause: nobody waits for them to end.
    mutating func dropPausing() {
        for case (let application, .pausing) in phases { phases[application] = nil }
    }

    /// Takes the next application to work on, if there is one and a place for it.
    mutating func next() -> (application: ApplicationID, cause: Cause)? {
        guard working < concurrency, let application = waiting.popFirst() else { return nil }
        let cause: Cause = if case .waiting(let cause) = phases[application] { cause } else { .sweep }
        phases[application] = .working
        working += 1
        return (application, cause)
    }

    /// Ends the work on an application; one that was hinted at meanwhile, or has more to do, queues up behind the others, after its
    /// pause.
    ///
    /// - Returns: as `hint` does.
    mutating func finish(_ application: ApplicationID, more: Bool, notBefore: Instant, now: Instant) -> Instant? {
        working -= 1
        let due: Cause? = if case .workingAndDue(let cause) = phases[application] { cause } else { nil }
        phases[application] = nil
        guard more || due != nil else { return nil }
        return enter(application, more ? .news : due ?? .sweep, notBefore: notBefore, now: now)
    }
}
