// memcached for everybody else in the program: asynchronous, bounded, and without a trace of libmemcached.

package import Logging
package import Metrics
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A client of one or several memcached servers.
///
/// Operations run on a few dedicated threads; gets that come in while a thread is busy are asked for together. Every operation
/// ends within `MemcachedConfiguration.deadline`. A server that fails loses its own keys only, and is found again by itself.
/// Nothing is ever moved to another server: a server that came back would answer with old values.
///
/// Call `shutdown()` at the end; the threads stay otherwise.
package final class MemcachedClient: Sendable {
    private let configuration: MemcachedConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let threads: [MemcachedThread]
    private let metrics: MemcachedMetrics
    private let logger: Logger
    private let isShutDown = Atomic(false)

    /// Keys that the threads' handles have to agree on at start; enough to meet every server of a long list.
    private static let agreementProbes = 1000

    package var servers: [MemcachedAddress] { configuration.servers }

    /// Operations that wait or run at this moment.
    package var waitingCount: Int {
        threads.reduce(0) { $0 + $1.waitingCount }
    }

    /// Starts the threads. The servers need not be there yet.
    ///
    /// - Throws: `MemcachedError.misconfigured`, or `.handlesDisagree` if keys would be looked for in different places.
    package init(
        configuration: MemcachedConfiguration, logger: Logger,
        metricsFactory: any MetricsFactory = MetricsSystem.factory
    ) async throws(MemcachedError) {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        let metrics = MemcachedMetrics(factory: metricsFactory)
        self.metrics = metrics
        // One more for the deadlines.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads + 1)
        self.group = group
        let clock = group.next()
        threads = group.makeIterator().filter { $0 !== clock }.map { loop in
            MemcachedThread(loop: loop, clock: clock, configuration: configuration, metrics: metrics, logger: logger)
        }
        do {
            for thread in threads { try await thread.start() }
            try await checkAgreement()
        } catch {
            await shutdown()
            throw error
        }
    }

    private func checkAgreement() async throws(MemcachedError) {
        let probes = (0..<Self.agreementProbes).map { "probe-\($0)" }
        var choices: [[Int]] = []
        for thread in threads { choices.append(await thread.serverIndices(forKeys: probes)) }
        for (probe, key) in probes.enumerated() where Set(choices.map { $0[probe] }).count != 1 {
            throw .handlesDisagree(key: key)
        }
    }

    // MARK: - Items

    /// - Returns: nil if there is no such item. The value may be anybody's who ever wrote to this memcached: check it.
    package func get(_ key: String) async throws(MemcachedError) -> MemcachedItem? {
        let item = try await fetch(key, bytes: .max)
        metrics.found(item)
        return item
    }

    /// The item's number, and of its value the first `bytes`. memcached has no way to send less, but what is not wanted is neither
    /// copied nor handed on.
    package func peek(_ key: String, bytes: Int) async throws(MemcachedError) -> MemcachedItem? {
        try await fetch(key, bytes: bytes)
    }

    private func fetch(_ key: String, bytes: Int) async throws(MemcachedError) -> MemcachedItem? {
        try await measured(.get) { () throws(MemcachedError) in
            try await thread(forKey: key).perform { .get(key: key, bytes: bytes, $0) }
        }
    }

    /// Stores in any case.
    ///
    /// - Parameter expiration: until memcached forgets the item by itself, in whole seconds (rounded up); nil is never.
    package func set(
        _ key: String, _ value: [UInt8], expiration: Duration? = nil
    ) async throws(MemcachedError) -> MemcachedStoreOutcome {
        try await store(.set, key, value, expiration)
    }

    /// Stores if there is no item yet; otherwise answers `exists`.
    package func add(
        _ key: String, _ value: [UInt8], expiration: Duration? = nil
    ) async throws(MemcachedError) -> MemcachedStoreOutcome {
        try await store(.add, key, value, expiration)
    }

    /// Stores if the item is still the one that was read with this number; otherwise answers `exists` or `notFound`.
    package func compareAndSet(
        _ key: String, _ value: [UInt8], cas: UInt64, expiration: Duration? = nil
    ) async throws(MemcachedError) -> MemcachedStoreOutcome {
        try await store(.compareAndSet(cas: cas), key, value, expiration)
    }

    private func store(
        _ command: Handle.StoreCommand, _ key: String, _ value: [UInt8], _ expiration: Duration?
    ) async throws(MemcachedError) -> MemcachedStoreOutcome {
        let seconds = MemcachedExpiration.seconds(expiration, now: time(nil))
        let store = MemcachedThread.Operation.Store(command: command, key: key, value: value, expiration: seconds)
        return try await measured(.store) { () throws(MemcachedError) in
            try await thread(forKey: key).perform(bytes: value.count) { .store(store, $0) }
        }
    }

    /// - Returns: whether there was such an item.
    @discardableResult
    package func delete(_ key: String) async throws(MemcachedError) -> Bool {
        try await measured(.delete) { () throws(MemcachedError) in
            try await thread(forKey: key).perform { .delete(key: key, $0) }
        }
    }

    // MARK: - Servers

    /// The longest value that surely fits under this key, by what its server said when it was connected to.
    package func maximumValueLength(forKey key: String) async throws(MemcachedError) -> Int {
        let largest = try await thread(forKey: key).perform { .largestItemForKey(key, $0) }
        return MemcachedItemSize.maximumValueLength(largestItem: largest, keyBytes: key.utf8.count)
    }

    /// Bytes of the largest item a server takes (memcached's `-I`), key and overhead included.
    package func largestItem(of server: MemcachedAddress) async throws(MemcachedError) -> Int {
        let index = try index(of: server)
        return try await threads[0].perform { .largestItem(server: index, $0) }
    }

    /// What a server tells about itself.
    package func statistics(
        _ group: MemcachedStatistics, of server: MemcachedAddress
    ) async throws(MemcachedError) -> [String: String] {
        let index = try index(of: server)
        return try await measured(.statistics) { () throws(MemcachedError) in
            try await threads[0].perform { .statistics(server: index, group, $0) }
        }
    }

    /// The version of a server that answers, as in `1.6.18`; for readiness.
    package func version(of server: MemcachedAddress) async throws(MemcachedError) -> String {
        try await statistics(.general, of: server)["version"] ?? "unknown"
    }

    /// The server that keeps this key.
    package func server(forKey key: String) async throws(MemcachedError) -> MemcachedAddress {
        servers[try await thread(forKey: key).perform { .serverForKey(key, $0) }]
    }

    // MARK: - The end

    /// Answers what was asked before, refuses what comes after, and ends the threads. A second call does nothing.
    package func shutdown() async {
        guard isShutDown.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        for thread in threads { await thread.shutDown() }
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.error("the threads of memcached did not end", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Parts

    private func thread(forKey key: String) throws(MemcachedError) -> MemcachedThread {
        try MemcachedKey.validate(key)
        return threads[Int(MemcachedKey.hash(key) % UInt64(threads.count))]
    }

    private func index(of server: MemcachedAddress) throws(MemcachedError) -> Int {
        guard let index = servers.firstIndex(of: server) else {
            throw .misconfigured("\(server) is not among the memcached servers")
        }
        return index
    }

    private func measured<Answer>(
        _ kind: MemcachedMetrics.Kind, _ operation: () async throws(MemcachedError) -> Answer
    ) async throws(MemcachedError) -> Answer {
        let start = ContinuousClock.now
        do throws(MemcachedError) {
            let answer = try await operation()
            metrics.took(.now - start, kind)
            return answer
        } catch {
            metrics.failed(error)
            throw error
        }
    }
}
