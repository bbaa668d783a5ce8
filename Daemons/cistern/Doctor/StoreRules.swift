// Whether the store is worked in, and everybody shows the same.

import Fold

enum StoreRules {
    private static let subject = "store"
    /// Milliseconds: of the longest lease that a merge daemon can be told to take.
    private static let longestLease: Int64 = 60_000
    /// Changes of all applications that wait.
    private static let backlogHigh = 10_000

    static func findings(_ facts: Facts) -> [Finding] {
        guard let store = facts.store.value else {
            // That Redis is away was said already.
            guard case .failed(let reason) = facts.store, facts.redis.value != nil else { return [] }
            return [
                .wrong(subject, "It cannot be read: \(reason)", "Is this the Redis and the database of the daemons?")
            ]
        }
        guard !store.settings.isEmpty else {
            return [
                .wrong(
                    subject, "There is none in this Redis.",
                    "Name the Redis and the database that the daemons have; the first daemon makes the store.")
            ]
        }
        return [foldVersion(store)]
            + DaemonRules.findings(
                store.daemons, hasWebhooks: store.webhooks > 0, now: facts.now) + [
                leases(store), backlog(store),
            ]
            + served(facts.served)
    }

    private static func foldVersion(_ store: Facts.Store) -> Finding {
        let size =
            "\(Wording.plural(store.applications, "application")) in \(Wording.plural(store.partitions, "partition"))"
        let version = store.settings["fold_version"] ?? "nothing"
        guard version == String(FoldRules.version) else {
            return .warning(
                subject, "\(size), folded by version \(version); this program is of version \(FoldRules.version).",
                "Check it with the “cistern” of the daemons' release.")
        }
        return .ok(subject, "\(size), folded by version \(version).")
    }

    private static func leases(_ store: Facts.Store) -> Finding {
        let mergers = Set(store.daemons.filter { $0.role == "merge-daemon" && !$0.isSilent }.map(\.name))
        let free = (0..<store.partitions).filter { store.leases[$0] == nil }
        if let (number, lease) = store.leases.first(where: { $0.value.left > longestLease || $0.value.left < 0 }) {
            return .warning(
                subject,
                "The lease of partition \(number) has \(lease.left / 1_000) s to run, which nobody gives: Redis' clock was put back.",
                "Merge daemons take it over by themselves; keep the clock by NTP.")
        }
        if !free.isEmpty, !mergers.isEmpty {
            return .warning(
                subject, "Nobody works in \(free.count) of \(store.partitions) partitions: what is pushed there waits.",
                "Harmless for seconds after a merge daemon was killed. If it stays so, look at the merge daemons' logs."
            )
        }
        let strangers = Set(store.leases.values.map(\.holder)).subtracting(mergers)
        if !strangers.isEmpty {
            return .warning(
                subject,
                "\(strangers.sorted().joined(separator: ", ")) holds leases and is not heard of: what is pushed there waits until they run out.",
                "Wait for the lease time (5 s). If it stays so, look at that daemon.")
        }
        return free.isEmpty
            ? .ok(subject, "Every partition is worked in.") : .note(subject, "No partition is worked in.")
    }

    private static func backlog(_ store: Facts.Store) -> Finding {
        let pending = store.daemons.reduce(0) { $0 + ($1.isSilent ? 0 : $1.pending) }
        let text =
            "\(Wording.plural(pending, "change")) wait to be merged; \(Wording.plural(store.dirty, "application")) not checkpointed."
        return pending > backlogHigh
            ? .warning(
                subject, text, "Run another merge-daemon. An application of which 10,000 wait answers pushes with 429.")
            : .ok(subject, text)
    }

    private static func served(_ all: [Facts.Served]) -> [Finding] {
        let urls = Set(all.map(\.url)).sorted()
        return urls.map { url in
            let mine = all.filter { $0.url == url }
            guard let bad = mine.first(where: { $0.problem != nil }) else {
                return .ok(
                    "poll server \(url)", "It shows what is published of \(Wording.plural(mine.count, "application")).")
            }
            return .wrong(
                "poll server \(url)",
                "It does not show \(bad.application) at \(bad.position), which is published: \(bad.problem ?? "")",
                "Do all daemons have the same --redis-url and the same --memcached list? Look at its /readyz and its log."
            )
        }
    }
}
