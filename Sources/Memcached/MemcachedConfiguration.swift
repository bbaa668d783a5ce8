// What a client of memcached can be told, and the bounds of each setting.

/// How a `MemcachedClient` behaves. The defaults suit a cache in the same machine room.
package struct MemcachedConfiguration: Sendable {
    /// The servers. Keys are spread over them by consistent hashing, so the order does not matter, the spelling does.
    package var servers: [MemcachedAddress]

    /// Dedicated threads, each with handles of its own. A key always goes to the same thread.
    package var threads = 2

    /// How long to wait for a connection to be made.
    package var connectTimeout: Duration = .milliseconds(100)

    /// How long to wait for the next bytes of an answer, or for room to send. A server that is silent for longer is
    /// taken for hung: the operation fails and the connection is thrown away.
    package var pollTimeout: Duration = .milliseconds(100)

    /// How long an operation may take as a whole, waiting for its thread included.
    package var deadline: Duration = .seconds(1)

    /// Operations that may wait or run in one thread; what comes beyond is refused with `busy`.
    package var waitingLimit = 1024

    /// Bytes of values that may wait to be stored by one thread; what comes beyond is refused with `busy`.
    package var waitingBytesLimit = 64 << 20

    /// Operations a thread takes at once; the gets among them become one request per server. With keys of 250 bytes
    /// a request of 128 has 32 KiB, far below what memcached reads in one piece.
    package var batchLimit = 128

    package init(servers: [MemcachedAddress]) {
        self.servers = servers
    }
}

extension MemcachedConfiguration {
    /// libmemcached has room for the points of 100 servers on its ring (`MEMCACHED_CONTINUUM_SIZE`).
    package static let serverLimit = 100

    /// Each thread costs a connection per server; more than a few only take cores from those who use the values.
    package static let threadLimit = 16

    /// A shorter time-out takes a busy machine for a dead one; with a longer one a hung server holds up its thread.
    package static let timeoutRange: ClosedRange<Duration> = .milliseconds(50)...(.milliseconds(200))

    /// Checks every setting.
    ///
    /// - Throws: `MemcachedError.misconfigured` with the setting, its value and what is allowed.
    func validate() throws(MemcachedError) {
        guard (1...Self.serverLimit).contains(servers.count) else {
            throw .misconfigured("1 to \(Self.serverLimit) memcached servers are needed, there are \(servers.count)")
        }
        guard Set(servers).count == servers.count else {
            throw .misconfigured("a memcached server is listed twice")
        }
        guard (1...Self.threadLimit).contains(threads) else {
            throw .misconfigured("memcached threads must be 1 to \(Self.threadLimit), not \(threads)")
        }
        for (name, timeout) in [("connect", connectTimeout), ("poll", pollTimeout)]
        where !Self.timeoutRange.contains(timeout) {
            throw .misconfigured("the \(name) time-out of memcached must be 50 to 200 ms, not \(timeout)")
        }
        guard deadline >= pollTimeout, deadline <= .seconds(60) else {
            throw .misconfigured(
                "the deadline of memcached must be between the poll time-out and 60 s, not \(deadline)")
        }
        guard waitingLimit >= 1, waitingBytesLimit >= 1, (1...1024).contains(batchLimit) else {
            throw .misconfigured("the limits of waiting memcached operations must be positive, of a batch 1 to 1024")
        }
    }
}
