// Who waits for a thread, and until when. A plain value without clock or lock; `MemcachedThread` keeps one under a mutex.
//
// An operation enters, is taken by the thread, and leaves exactly once: because it is finished, because its deadline
// passed, or because the caller gave up. Whoever makes it leave answers the caller. All operations have the same time, so
// the order of entering is the order of deadlines.

import NIOCore

struct WaitingLine<Operation> {
    struct Limits {
        var operations: Int
        /// Of values that are to be stored.
        var bytes: Int
    }

    enum Refusal: Error {
        case full
        case closed
    }

    struct Admission {
        let id: UInt64
        /// The thread sleeps and has to be woken.
        let wakesThread: Bool
        /// No timer runs; one has to be set for this operation's deadline.
        let setsTimer: Bool
    }

    struct Expiry {
        let operations: [Operation]
        /// When the timer has to ring again; nil if nobody waits.
        let next: NIODeadline?
    }

    private struct Entry {
        let operation: Operation
        let bytes: Int
    }

    private let limits: Limits
    private var entries: [UInt64: Entry] = [:]
    private var waiting = CircularBuffer<UInt64>()
    private var deadlines = CircularBuffer<(id: UInt64, at: NIODeadline)>()
    private var bytes = 0
    private var lastID: UInt64 = 0
    private var threadIsAwake = false
    private var timerIsSet = false
    private var isClosed = false

    init(limits: Limits) {
        self.limits = limits
    }

    /// Operations that wait or run.
    var count: Int { entries.count }

    mutating func enter(
        _ operation: Operation, bytes: Int, deadline: NIODeadline
    ) throws(Refusal) -> Admission {
        guard !isClosed else { throw .closed }
        // Those who gave up keep their place in `waiting` until the thread comes by, so that is bounded too.
        guard max(entries.count, waiting.count) < limits.operations, self.bytes + bytes <= limits.bytes else {
            throw .full
        }
        lastID += 1
        entries[lastID] = Entry(operation: operation, bytes: bytes)
        self.bytes += bytes
        waiting.append(lastID)
        forgetFinishedDeadlines()
        deadlines.append((lastID, deadline))
        let admission = Admission(id: lastID, wakesThread: !threadIsAwake, setsTimer: !timerIsSet)
        threadIsAwake = true
        timerIsSet = true
        return admission
    }

    /// The next operations in their order. If there are none the thread is taken to sleep.
    mutating func take(limit: Int) -> [(id: UInt64, operation: Operation)] {
        var taken: [(id: UInt64, operation: Operation)] = []
        while taken.count < limit, let id = waiting.popFirst() {
            if let entry = entries[id] { taken.append((id, entry.operation)) }
        }
        threadIsAwake = !taken.isEmpty
        return taken
    }

    func contains(_ id: UInt64) -> Bool { entries[id] != nil }

    /// - Returns: nil if the operation has left already.
    mutating func leave(_ id: UInt64) -> Operation? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        bytes -= entry.bytes
        return entry.operation
    }

    mutating func expire(now: NIODeadline) -> Expiry {
        var expired: [Operation] = []
        forgetFinishedDeadlines()
        while let first = deadlines.first, first.at <= now {
            deadlines.removeFirst()
            if let operation = leave(first.id) { expired.append(operation) }
            forgetFinishedDeadlines()
        }
        timerIsSet = !deadlines.isEmpty
        return Expiry(operations: expired, next: deadlines.first?.at)
    }

    /// Nobody enters any more; those who are in stay.
    mutating func close() {
        isClosed = true
    }

    /// Keeps the list of deadlines as short as the line: those in front leave first as a rule.
    private mutating func forgetFinishedDeadlines() {
        while let first = deadlines.first, entries[first.id] == nil {
            deadlines.removeFirst()
        }
    }
}
