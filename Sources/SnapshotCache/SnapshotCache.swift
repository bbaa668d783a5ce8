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

    /// What stands in an application's place, as far as a writer has to know.
    package struct Place: Sendable {
        fileprivate enum Content {
            case nothing
            case something(cas: UInt64, claim: (epoch: Epoch, position: UInt64)?)
        }

        fileprivate let content: Content
    }

    /// Looks at an application's place before there is something to store, so that the answer is there when it is needed. What changes
    /// until then is noticed when storing. Keep it for a cycle, not for longer: memcached's numbers start again when it does.
    ///
    /// - Returns: nil if memcached did not answer.
    package func look(at application: ApplicationID) async -> Place? {
        do { return try await place(of: application) } catch { return nil }
    }

    private func place(of application: ApplicationID) async throws(MemcachedError) -> Place {
        let item = try await client.peek(Self.key(of: application), bytes: Snapshot.claimBytes)
        return Place(content: item.map { .something(cas: $0.cas, claim: Snapshot.claim(of: $0.value)) } ?? .nothing)
    }

    /// - Parameter place: what stood there just now, if the caller has looked.
    package func store(_ snapshot: Snapshot, over place: Place? = nil) async -> StoreOutcome {
        do {
            var known = place
            for _ in 0..<Self.maximumConflicts {
                let present: Place
                if let known { present = known } else { present = try await self.place(of: snapshot.application) }
                switch try await attempt(snapshot, over: present) {
                case .stored: return .stored
                case .tooLarge(let limit): return .tooLarge(limit: limit)
                case .exists, .notFound: known = nil
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
    private func attempt(
        _ snapshot: Snapshot, over place: Place
    ) async throws(MemcachedError) -> MemcachedStoreOutcome? {
        let key = Self.key(of: snapshot.application)
        switch place.content {
        case .nothing: return try await client.add(key, snapshot.encoded())
        case .something(let cas, let claim):
            // Only what claims to be as new has to be read as a whole, to see whether it can be believed.
            if let claim, claim.epoch == snapshot.epoch, claim.position >= snapshot.position,
                let other = try await find(snapshot.application), other.epoch == snapshot.epoch,
                other.position >= snapshot.position
            {
                return nil
            }
            return try await client.compareAndSet(key, snapshot.encoded(), cas: cas)
        }
    }

    package func shutdown() async {
        await client.shutdown()
    }
}
