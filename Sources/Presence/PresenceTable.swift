// Who is here in one application, as a value: a map from clients to what was last said of them.
//
// Merging is commutative, associative and idempotent: of two sayings about a client the one with the later stamp counts, of two
// copies of one saying the one that ends earlier (the way of a message only ever adds time). So servers that have heard the same
// records, in any order and any number of times, have the same clients.

import Fold

struct PresenceTable {
    typealias Instant = ContinuousClock.Instant

    struct Entry {
        let stamp: PresenceStamp
        /// In canonical JSON. Nil after the client has gone: remembered so that an older message does not bring it back.
        let value: [UInt8]?
        var end: Instant
    }

    /// How long it is remembered that a client has gone, at least; longer if copies of what it said last may live longer.
    static let shortestAbsence = PresenceConfiguration.usualLife

    /// What an entry costs beside its id and document.
    static let bytesPerEntry = 256

    private(set) var entries: [ClientID: Entry] = [:]
    /// Clients that are here.
    private(set) var count = 0
    /// Of all entries.
    private(set) var bytes = 0
    /// Counts up whenever something changes that is shown.
    private(set) var revision: UInt64 = 0
    /// No entry ends before.
    private(set) var nextEnd: Instant?
    private let server: UInt64
    private let limit: Int

    /// - Parameters:
    ///   - server: Whose table it is.
    ///   - limit: Clients that may be here.
    init(server: UInt64, limit: Int) {
        self.server = server
        self.limit = limit
    }

    /// Entries of clients that are here and that are gone. Servers that take clients at the same moment may together go beyond the
    /// limit of each.
    var entryLimit: Int { 2 * limit }

    static func cost(of client: ClientID, _ value: [UInt8]?) -> Int {
        client.description.utf8.count + (value?.count ?? 0) + bytesPerEntry
    }

    /// How many bytes more there are at most once this is said of a client.
    func growth(by value: [UInt8]?, of client: ClientID) -> Int {
        let known = entries[client].map { Self.cost(of: client, $0.value) } ?? 0
        return max(0, Self.cost(of: client, value) - known)
    }

    // MARK: What this server is told

    /// - Parameters:
    ///   - clock: Milliseconds since 1970.
    /// - Returns: whether the client is new; nil if as many are here as may be.
    mutating func put(
        _ client: ClientID, _ value: [UInt8], for life: Duration, at now: Instant, clock: UInt64
    ) -> Bool? {
        expire(at: now)
        let known = entries[client]
        let isNew = known?.value == nil
        guard !isNew || count < limit else { return nil }
        let stamp = PresenceStamp(now: clock, server: server, after: known?.stamp)
        set(client, Entry(stamp: stamp, value: value, end: now + life))
        return isNew
    }

    mutating func remove(_ client: ClientID, at now: Instant, clock: UInt64) {
        expire(at: now)
        let known = entries[client]
        let stamp = PresenceStamp(now: clock, server: server, after: known?.stamp)
        let end = max(now + Self.shortestAbsence, known?.end ?? now)
        set(client, Entry(stamp: stamp, value: nil, end: end))
    }

    // MARK: What others tell

    mutating func merge(_ record: PresenceRecord, at now: Instant) {
        let entry = Entry(stamp: record.stamp, value: record.value, end: now + record.remaining)
        guard let known = entries[record.client], known.end > now else { return set(record.client, entry) }
        if known.stamp < entry.stamp {
            set(record.client, entry)
        } else if known.stamp == entry.stamp, entry.end < known.end {
            entries[record.client]?.end = entry.end
            nextEnd = min(nextEnd ?? entry.end, entry.end)
        }
    }

    /// What is known of a client, to tell others; nil if that is nothing any more.
    func record(of client: ClientID, at now: Instant) -> PresenceRecord? {
        guard let entry = entries[client], entry.end > now else { return nil }
        return PresenceRecord(client: client, stamp: entry.stamp, value: entry.value, remaining: entry.end - now)
    }

    /// Clients of which this server was told last.
    var own: [ClientID] { entries.filter { $0.value.stamp.server == server }.map(\.key) }

    var hasOwn: Bool { entries.contains { $0.value.stamp.server == server && $0.value.value != nil } }

    // MARK: Time

    mutating func expire(at now: Instant) {
        guard let nextEnd, nextEnd <= now else { return }
        for (client, entry) in entries where entry.end <= now { drop(client) }
        self.nextEnd = entries.values.lazy.map(\.end).min()
    }

    // MARK: Entries

    private mutating func set(_ client: ClientID, _ entry: Entry) {
        let known = entries[client]
        if let known { forget(client, known) }
        entries[client] = entry
        bytes += Self.cost(of: client, entry.value)
        if entry.value != nil { count += 1 }
        if known?.value != entry.value { revision += 1 }
        nextEnd = min(nextEnd ?? entry.end, entry.end)
        if entries.count > entryLimit { makeRoom() }
    }

    private mutating func drop(_ client: ClientID) {
        guard let entry = entries.removeValue(forKey: client) else { return }
        forget(client, entry)
        if entry.value != nil { revision += 1 }
    }

    private mutating func forget(_ client: ClientID, _ entry: Entry) {
        bytes -= Self.cost(of: client, entry.value)
        if entry.value != nil { count -= 1 }
    }

    /// Forgets first who has gone the longest ago, and then leaves out the last in the order of ids: all servers the same ones.
    private mutating func makeRoom() {
        let gone = entries.filter { $0.value.value == nil }.min { ($0.value.end, $0.key) < ($1.value.end, $1.key) }
        if let client = gone?.key ?? entries.keys.max() { drop(client) }
    }
}
