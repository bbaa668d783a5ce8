// The applications whose documents are in memory: how much that is, and who goes first when it is too much. A value; what it costs
// per cycle does not depend on how many there are.

import DequeModule
import Fold

struct OpenApplications<Merger> {
    struct Entry {
        let merger: Merger
        fileprivate(set) var bytes = 0
        fileprivate(set) var pending = 0
        fileprivate var lastUse: UInt64
        /// Cycles that failed in a row.
        var failures = 0
        /// It pauses until then.
        var notBefore: ContinuousClock.Instant
    }

    private var entries: [ApplicationID: Entry] = [:]
    /// Every use there was, in order; only the last one of each application counts.
    private var uses = Deque<(application: ApplicationID, use: UInt64)>()
    private var lastUse: UInt64 = 0
    /// Of all documents, as `note` was told.
    private(set) var bytes = 0
    /// Changes of all logs that are not published yet.
    private(set) var pending = 0
    private let limit: Int

    /// - Parameter limit: bytes of documents to keep.
    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { entries.count }
    var mergers: some Sequence<(ApplicationID, Merger)> { entries.lazy.map { ($0.key, $0.value.merger) } }
    subscript(application: ApplicationID) -> Entry? { entries[application] }

    /// The merger of an application, opened if need be.
    mutating func use(_ application: ApplicationID, now: ContinuousClock.Instant, open: () -> Merger) -> Merger {
        lastUse += 1
        uses.append((application, lastUse))
        forgetOldUses()
        if let merger = entries[application]?.merger {
            entries[application]?.lastUse = lastUse
            return merger
        }
        let merger = open()
        entries[application] = Entry(merger: merger, lastUse: lastUse, notBefore: now)
        return merger
    }

    mutating func update(_ application: ApplicationID, _ change: (inout Entry) -> Void) {
        guard let index = entries.index(forKey: application) else { return }
        change(&entries.values[index])
    }

    /// What an application holds now. Closes those that were not used for longest if it is too much in all: what they know is in
    /// Redis.
    mutating func note(_ application: ApplicationID, bytes newBytes: Int, pending newPending: Int) {
        guard let before = entries[application] else { return }
        let cost = newBytes + Self.bytesPerApplication
        bytes += cost - before.bytes
        pending += newPending - before.pending
        update(application) {
            $0.bytes = cost
            $0.pending = newPending
        }
        while bytes > limit, let oldest = uses.popFirst() {
            if entries[oldest.application]?.lastUse == oldest.use { close(oldest.application) }
        }
    }

    mutating func close(_ application: ApplicationID) {
        guard let closed = entries.removeValue(forKey: application) else { return }
        bytes -= closed.bytes
        pending -= closed.pending
    }

    /// Keeps the list of uses about as long as there are applications.
    private mutating func forgetOldUses() {
        guard uses.count > 2 * entries.count + Self.usesKept else { return }
        uses.removeAll { entries[$0.application]?.lastUse != $0.use }
    }

    /// So that a few applications do not make it be looked through all the time.
    private static var usesKept: Int { 64 }

    /// What an open application costs besides its document, so that many empty ones count too.
    static var bytesPerApplication: Int { 1_024 }
}
