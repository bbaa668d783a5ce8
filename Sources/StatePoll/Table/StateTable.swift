// The applications that are being polled, each with what is served of it. A value: who looks, who waits and what is thrown out
// is decided here; looking itself is done by watchers.

import Fold
import NIOCore

struct StateTable {
    struct Entry {
        /// The same for lanes, which do not look into the table.
        let live = LiveState()
        var served: ServedState?
        /// Whether Redis said that there is no such application.
        var isUnknown = false
        /// Looks at Redis that were begun and ended. A look answers everybody who asked before it began.
        var looksBegun: UInt64 = 0
        var looksEnded: UInt64 = 0
        /// What the next look is to fold in beyond what is published.
        var wanted = Watcher.Folding.nothing
        var lastLookFailed = false
        var lastLook: ContinuousClock.Instant
        /// Counts up with everything that somebody may wait for.
        var generation: UInt64 = 0
        var lastPoll: ContinuousClock.Instant
        var waiters: Set<UInt64> = []
        /// Requests that are being answered from this entry and must find it again after a wait.
        var holders = 0
        /// How much the watcher keeps beside what is served.
        var workingBytes = 0
        /// How much its earlier versions take, and what was worked out of them.
        var historyBytes = 0

        /// Whether something is known that can be answered with.
        var isKnown: Bool { served != nil || isUnknown }

        /// Whether nobody has looked for a while, nor is looking now. Where Redis did not answer the last time, what is there is
        /// answered without waiting.
        func isStale(at now: ContinuousClock.Instant) -> Bool {
            looksBegun == looksEnded && !lastLookFailed && now - lastLook > StateTable.staleAfter
        }

        /// Whether to look without having been told of anything, in case a hint was lost.
        func isWorthALook(at now: ContinuousClock.Instant) -> Bool {
            if lastPoll > lastLook { return true }
            return holders > 0 && (!isUnknown || now - lastLook > StateTable.unknownRecheck)
        }

        /// Lets lanes answer for as long as nobody needs to look.
        ///
        /// - Returns: whether something else is served than before.
        mutating func tellLanes() -> Bool {
            let isNews = live.publish(served)
            historyBytes = live.editions.bytes
            if served == nil {
                live.serve(until: .uptimeNanoseconds(0))
            } else {
                let age = ContinuousClock.now - lastLook
                live.serve(until: lastLookFailed ? .distantFuture : .now() + TimeAmount(StateTable.staleAfter - age))
            }
            return isNews
        }

        var bytes: Int {
            (served?.body.readableBytes ?? 0) + historyBytes + workingBytes + StateTable.bytesPerEntry
        }
    }

    /// What an entry costs without its state: the entry, its watcher, its subscription and its timer.
    static let bytesPerEntry = 4_096

    /// Twice the time between two looks of an application that is being polled.
    static let staleAfter: Duration = .milliseconds(500)

    /// How often to look for an application that does not exist while somebody waits for its first change: anybody can wait for any
    /// number of names, and the hint of the first change is rarely lost.
    static let unknownRecheck: Duration = .seconds(2)

    private(set) var entries: [ApplicationID: Entry] = [:]
    private(set) var bytes = 0
    private let limit: Int

    /// - Parameter limit: bytes of all entries together.
    init(limit: Int) {
        self.limit = limit
    }

    subscript(application: ApplicationID) -> Entry? { entries[application] }

    /// Notes a poll.
    ///
    /// - Returns: true if the application was not in the table and needs a watcher.
    mutating func poll(_ application: ApplicationID, at now: ContinuousClock.Instant) -> Bool {
        guard entries[application] == nil else {
            entries[application]?.lastPoll = now
            return false
        }
        let entry = Entry(lastLook: now, lastPoll: now)
        bytes += entry.bytes
        entries[application] = entry
        return true
    }

    /// Keeps an entry from being thrown out until `release`, however old it is.
    ///
    /// - Returns: as `poll`.
    mutating func hold(_ application: ApplicationID, at now: ContinuousClock.Instant) -> Bool {
        let isNew = poll(application, at: now)
        entries[application]?.holders += 1
        return isNew
    }

    mutating func release(_ application: ApplicationID) {
        entries[application]?.holders -= 1
    }

    /// Notes that a look begins, which is nothing that anybody waits for.
    /// - Returns: the number of the next look, which folds that in.
    mutating func askForLook(at application: ApplicationID, folding: Watcher.Folding) -> UInt64 {
        let wanted = entries[application]?.wanted ?? .nothing
        entries[application]?.wanted = wanted.and(folding)
        return (entries[application]?.looksBegun ?? 0) + 1
    }

    /// - Returns: what this look has to fold in: all that was asked for until now, and whoever asks later waits for the next one.
    mutating func beginLook(at application: ApplicationID) -> Watcher.Folding {
        let wanted = entries[application]?.wanted ?? .nothing
        entries[application]?.wanted = .nothing
        entries[application]?.looksBegun += 1
        return wanted
    }

    /// Changes an entry in a way that somebody may wait for.
    ///
    /// - Returns: who has to be told, nobody if the entry has gone; and whether something else is served than before.
    mutating func update(
        _ application: ApplicationID, _ change: (inout Entry) -> Void
    ) -> (waiters: Set<UInt64>, isNews: Bool) {
        guard var entry = entries[application] else { return ([], false) }
        let before = entry.bytes
        change(&entry)
        entry.generation += 1
        let told = entry.waiters
        entry.waiters = []
        let wasUnknown = entries[application]?.isUnknown ?? false
        let isNews = entry.tellLanes() || entry.isUnknown != wasUnknown
        bytes += entry.bytes - before
        entries[application] = entry
        return (told, isNews)
    }

    /// Notes somebody who wants to be told of the next change.
    ///
    /// - Returns: false if something has changed since `generation`, or the entry has gone: look again instead of waiting.
    mutating func wait(_ waiter: UInt64, for application: ApplicationID, since generation: UInt64) -> Bool {
        guard entries[application]?.generation == generation else { return false }
        entries[application]?.waiters.insert(waiter)
        return true
    }

    mutating func stopWaiting(_ waiter: UInt64, for application: ApplicationID) {
        entries[application]?.waiters.remove(waiter)
    }

    /// Lets go of earlier versions, of the applications polled longest ago first, as far as that makes room: who has one of them gets
    /// the full state next, which is better than that others get none.
    mutating func forgetSurplus() {
        guard bytes > limit else { return }
        for (application, entry) in entries.sorted(by: { $0.value.lastPoll < $1.value.lastPoll }) {
            guard bytes > limit else { return }
            guard entry.historyBytes > 0 else { continue }
            entry.live.editions.forget()
            bytes -= entry.historyBytes
            entries[application]?.historyBytes = 0
        }
    }

    mutating func remove(_ application: ApplicationID) -> Set<UInt64> {
        guard let entry = entries.removeValue(forKey: application) else { return [] }
        entry.live.retire()
        bytes -= entry.bytes
        return entry.waiters
    }

    /// Whether an application has not been polled for as long as `idleTime`, and nobody needs it.
    func isIdle(_ application: ApplicationID, for idleTime: Duration, at now: ContinuousClock.Instant) -> Bool {
        guard let entry = entries[application] else { return true }
        return entry.holders == 0 && now - entry.lastPoll >= idleTime
    }

    /// The applications that have to go so that the table fits into its limit again, those polled longest ago first. Never one that
    /// a request still needs: a state that is larger than the whole table would otherwise go before it was ever answered with.
    func surplus() -> [ApplicationID] {
        guard bytes > limit else { return [] }
        var excess = bytes - limit / 10 * 9
        var chosen: [ApplicationID] = []
        for (application, entry) in entries.sorted(by: { $0.value.lastPoll < $1.value.lastPoll }) {
            guard excess > 0 else { break }
            guard entry.holders == 0 else { continue }
            excess -= entry.bytes
            chosen.append(application)
        }
        return chosen
    }
}
