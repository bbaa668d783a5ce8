// What the lanes of all event loops know of one application: the state that is served, and until when it may be served without
// asking. Readers look at a few atomic words that change only with the state, so any number of them on any number of threads
// disturb nobody; the state itself is fetched once per version and event loop.

import NIOCore
import Synchronization

final class LiveState: Sendable {
    /// The last versions, for those who have one of them.
    let editions = Editions()
    private let served = Mutex<ServedState?>(nil)
    private let changes = Atomic<UInt64>(0)
    /// In nanoseconds of NIODeadline.
    private let end = Atomic<UInt64>(0)
    private let polled = Atomic(false)
    private let retired = Atomic(false)

    // MARK: For lanes

    /// Another number whenever there is another state to fetch.
    var edition: UInt64 { changes.load(ordering: .acquiring) }

    /// The state with an edition that is no newer.
    func fetch() -> (edition: UInt64, served: ServedState?) {
        let edition = edition
        return (edition, served.withLock { $0 })
    }

    /// Whether the state may be answered with. Once nobody has looked for a while, one poll is told no, and looks by way of its route;
    /// all others are answered from what is there until that look has ended, as the route answers them too.
    func mayAnswer(at now: NIODeadline) -> Bool {
        let end = end.load(ordering: .relaxed)
        guard now.uptimeNanoseconds >= end else { return true }
        return !self.end.compareExchange(expected: end, desired: .max, ordering: .relaxed).exchanged
    }

    /// Whether it may, without being the one that is told no.
    func isFresh(at now: NIODeadline) -> Bool { now.uptimeNanoseconds < end.load(ordering: .relaxed) }

    /// The application was thrown out of the table; there is or will be another of these for it.
    var isRetired: Bool { retired.load(ordering: .relaxed) }

    func notePoll() {
        // Looking first keeps the word shared between the processors' caches.
        if !polled.load(ordering: .relaxed) { polled.store(true, ordering: .relaxed) }
    }

    // MARK: For the table

    /// Whether a lane has answered from this since the last time somebody asked.
    func takePolled() -> Bool { polled.exchange(false, ordering: .relaxed) }

    /// - Returns: whether this is another state than before.
    func publish(_ state: ServedState?) -> Bool {
        let isNew = served.withLock { served in
            defer { served = state }
            return served?.position != state?.position || served?.epoch != state?.epoch
        }
        guard isNew else { return false }
        editions.add(state)
        changes.wrappingAdd(1, ordering: .releasing)
        return true
    }

    func serve(until deadline: NIODeadline) { end.store(deadline.uptimeNanoseconds, ordering: .relaxed) }

    func retire() {
        retired.store(true, ordering: .relaxed)
        end.store(0, ordering: .relaxed)
    }
}
