// Which applications are due and which are being worked on: a value, so that its rules can be tested without a clock or a server.

import DequeModule
import Fold

/// An application is worked on by one task at a time. A hint for one that is being worked on is remembered, not queued twice, so the
/// queue is never longer than there are applications.
struct WorkQueue {
    private enum Phase {
        case waiting
        case working
        /// Worked on, and hinted at meanwhile.
        case workingAndDue
    }

    private var phases: [ApplicationID: Phase] = [:]
    private var waiting = Deque<ApplicationID>()
    private var working = 0
    private let concurrency: Int

    init(concurrency: Int) {
        self.concurrency = max(1, concurrency)
    }

    var isIdle: Bool { phases.isEmpty }

    /// Notes that there may be something to do.
    mutating func hint(_ application: ApplicationID) {
        switch phases[application] {
        case nil:
            phases[application] = .waiting
            waiting.append(application)
        case .waiting, .workingAndDue: break
        case .working: phases[application] = .workingAndDue
        }
    }

    /// Takes the next application to work on, if there is one and a place for it.
    mutating func next() -> ApplicationID? {
        guard working < concurrency, let application = waiting.popFirst() else { return nil }
        phases[application] = .working
        working += 1
        return application
    }

    /// Ends the work on an application; one that was hinted at meanwhile, or has more to do, queues up behind the others.
    mutating func finish(_ application: ApplicationID, more: Bool) {
        working -= 1
        if more || phases[application] == .workingAndDue {
            phases[application] = .waiting
            waiting.append(application)
        } else {
            phases[application] = nil
        }
    }
}
