import SystemSupport
import TestSupport

/// What befalls a store or the merge daemon while clients wait or are connected.
enum Outage: String, CaseIterable, Sendable {
    case redis, memcached, mergeDaemon, memcachedAway
}

extension TestCistern {
    func strike(_ outage: Outage) async throws {
        switch outage {
        case .redis:
            redis.kill()
            try await redis.launch()
        case .memcached: for memcached in memcacheds { try await memcached.restart() }
        case .mergeDaemon: try await merger.restart()
        case .memcachedAway: for memcached in memcacheds { memcached.kill() }
        }
    }
}
