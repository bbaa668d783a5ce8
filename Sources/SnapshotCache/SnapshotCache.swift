// The snapshots in memcached: a cache of the fold, never the truth. What is read is believed only if it says of itself that it is
// what was asked for; what is written never replaces something newer of the same epoch.

package import Fold
package import Logging
package import Memcached
import Metrics

package struct SnapshotCache: Sendable {
    private let client: MemcachedClient
    private let logger: Logger
    private let distrusted = Counter(label: "cistern_snapshots_distrusted")

    package init(client: MemcachedClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// The servers that snapshots are spread over.
    package var servers: [MemcachedAddress] { client.servers }

    package enum StoreOutcome: Hashable, Sendable {
        case stored
        /// The cache has this position of the same epoch already, or a later one.
        case newerThere
        /// memcached takes at most this many bytes: readers rebuild the state from the log instead.
        case tooLarge(limit: Int)
        /// memcached did not answer, or others wrote all the time: readers rebuild until the next one is stored.
        case failed
    }

    /// Others that write at the same time may win this often before this writer gives up: they are at work on the same log.
    private static let maximumConflicts = 4

    private static func key(of application: ApplicationID) -> String { "cistern:\(application)" }

    /// The snapshot of whatever epoch and position; nil if there is none that can be believed.
    package func find(_ application: ApplicationID) async throws(MemcachedError) -> Snapshot? {
        guard let item = try await client.get(Self.key(of: application)) else { return nil }
        return decode(item, of: application)
    }

    private func decode(_ item: MemcachedItem, of application: ApplicationID) -> Snapshot? {
        do {
            return try Snapshot(decoding: item.value, of: application)
        } catch {
            distrusted.increment()
            logger.warning(
                "memcached has something else than a snapshot under an application's key; it is not used.",
                metadata: ["app": "\(application)", "found": "\(error)", "bytes": "\(item.value.count)"])
            return nil
        }
    }

    package func store(_ snapshot: Snapshot) async -> StoreOutcome {
        let bytes = snapshot.encoded()
        do {
            for _ in 0..<Self.maximumConflicts {
                switch try await store(bytes, of: snapshot) {
                case .stored: return .stored
                case .tooLarge(let limit): return .tooLarge(limit: limit)
                case .exists, .notFound: continue
                case nil: return .newerThere
                }
            }
            return .failed
        } catch {
            logger.warning(
                "A snapshot was not stored in memcached; it is served from Redis until the next one is",
                metadata: ["app": "\(snapshot.application)", "position": "\(snapshot.position)", "error": "\(error)"])
            return .failed
        }
    }

    /// One attempt; nil if what is there is as new.
    private func store(
        _ bytes: [UInt8], of snapshot: Snapshot
    ) async throws(MemcachedError) -> MemcachedStoreOutcome? {
        let key = Self.key(of: snapshot.application)
        guard let present = try await client.get(key) else { return try await client.add(key, bytes) }
        if let other = Snapshot.claim(of: present.value), other.epoch == snapshot.epoch,
            other.position >= snapshot.position, decode(present, of: snapshot.application) != nil
        {
            return nil
        }
        return try await client.compareAndSet(key, bytes, cas: present.cas)
    }

    package func shutdown() async {
        await client.shutdown()
    }
}
