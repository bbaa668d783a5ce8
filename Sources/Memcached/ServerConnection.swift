// One server as one thread sees it: a handle while things go well, and a time of rest after a failure.
//
// Whatever goes wrong, the handle is thrown away and with it the connection, so that an answer that comes late finds nobody it
// could be mistaken for. While a server rests its keys fail at once: a hung server costs its thread one time-out per
// rest and not one per request, and the keys of the other servers go on.

import Logging

final class ServerConnection {
    /// The rest after the first failure; it doubles with each further one, and a random half of it is left out so that
    /// threads and daemons do not knock all at once.
    static let shortestRest: Duration = .milliseconds(100)
    /// The longest rest. A server that came back is found again after at most this time.
    static let longestRest: Duration = .seconds(2)

    private enum State {
        /// Never used, or its connection broke just now after it had worked: the next request may connect at once.
        case unconnected(failures: Int)
        /// `largestItem` was read over this very connection, so it belongs to this life of the server.
        case connected(Handle, largestItem: Int)
        case resting(until: ContinuousClock.Instant, failures: Int, reason: String)
    }

    let address: MemcachedAddress
    private let configuration: MemcachedConfiguration
    private let logger: Logger
    private var state = State.unconnected(failures: 0)

    init(address: MemcachedAddress, configuration: MemcachedConfiguration, logger: Logger) {
        self.address = address
        self.configuration = configuration
        self.logger = logger
    }

    // MARK: - Requests

    /// Fetches many keys in one request. A connection that turns out to have been closed by the server (it was restarted)
    /// is replaced and the request repeated once.
    ///
    /// - Parameter bytes: how many of a key's value are wanted.
    func fetch(
        _ keys: [String], bytes: (_ key: String) -> Int, each: (_ key: String, _ item: MemcachedItem) -> Void
    ) throws(MemcachedError) {
        guard case .connected(let handle, _) = state else {
            return try attempt { handle, _ throws(HandleFailure) in try handle.fetch(keys, bytes: bytes, each: each) }
        }
        do throws(HandleFailure) {
            try handle.fetch(keys, bytes: bytes, each: each)
        } catch .disconnected {
            state = .unconnected(failures: 0)
            try attempt { handle, _ throws(HandleFailure) in try handle.fetch(keys, bytes: bytes, each: each) }
        } catch {
            throw failed(error)
        }
    }

    func store(
        _ command: Handle.StoreCommand, key: String, value: [UInt8], expiration: Int
    ) throws(MemcachedError) -> MemcachedStoreOutcome {
        try attempt { handle, largestItem throws(HandleFailure) in
            let limit = MemcachedItemSize.maximumValueLength(largestItem: largestItem, keyBytes: key.utf8.count)
            guard value.count <= limit else { return .tooLarge(limit: limit) }
            do throws(HandleFailure) {
                return try handle.store(command, key: key, value: value, expiration: expiration)
            } catch .tooLarge {
                return .tooLarge(limit: limit)
            } catch {
                throw error
            }
        }
    }

    func delete(_ key: String) throws(MemcachedError) -> Bool {
        try attempt { handle, _ throws(HandleFailure) in try handle.delete(key) }
    }

    func statistics(_ group: MemcachedStatistics) throws(MemcachedError) -> [String: String] {
        try attempt { handle, _ throws(HandleFailure) in try handle.statistics(group) }
    }

    /// Bytes of the largest item this server takes (`-I`), key and overhead included.
    func largestItem() throws(MemcachedError) -> Int {
        try attempt { _, largestItem in largestItem }
    }

    func close() {
        state = .unconnected(failures: 0)
    }

    // MARK: - Connecting and failing

    private func attempt<Answer>(
        _ request: (Handle, Int) throws(HandleFailure) -> Answer
    ) throws(MemcachedError) -> Answer {
        let (handle, largestItem) = try connected()
        do {
            return try request(handle, largestItem)
        } catch {
            throw failed(error)
        }
    }

    private func connected() throws(MemcachedError) -> (Handle, Int) {
        let failures: Int
        switch state {
        case .connected(let handle, let largestItem):
            return (handle, largestItem)
        case .resting(let until, _, let reason) where ContinuousClock.now < until:
            throw .unreachable(address, reason: reason)
        case .resting(_, let count, _), .unconnected(let count):
            failures = count
        }
        let handle = try Handle(servers: [address], configuration: configuration)
        do {
            let largestItem = try Self.largestItem(in: handle.statistics(.settings))
            state = .connected(handle, largestItem: largestItem)
            if failures > 0 {
                logger.info("memcached answers again", metadata: ["server": "\(address)", "failures": "\(failures)"])
            }
            return (handle, largestItem)
        } catch {
            throw failed(error)
        }
    }

    private static func largestItem(in settings: [String: String]) throws(HandleFailure) -> Int {
        guard let bytes = settings["item_size_max"].flatMap({ Int($0) }), bytes > 0 else {
            throw .disorder("“stats settings” has no item_size_max; is this memcached?")
        }
        return bytes
    }

    /// Throws the connection away, unless the server only refused, and says the failure in terms of the server.
    private func failed(_ failure: HandleFailure) -> MemcachedError {
        switch failure {
        case .refused(let reason):
            return .refused(address, reason: reason)
        case .tooLarge:
            return .refused(address, reason: "the item is too large")
        case .silent:
            rest(reason: "it did not answer in time")
            return .timedOut(address)
        case .disconnected(let reason):
            rest(reason: reason)
            return .unreachable(address, reason: reason)
        case .disorder(let reason):
            rest(reason: reason)
            return .protocolViolation(address, reason: reason)
        }
    }

    private func rest(reason: String) {
        let failures: Int
        switch state {
        case .connected: failures = 1
        case .unconnected(let count), .resting(_, let count, _): failures = count + 1
        }
        let full = min(Self.longestRest, Self.shortestRest * (1 << min(failures - 1, 10)))
        let rest = full * Double.random(in: 0.5...1)
        state = .resting(until: .now + rest, failures: failures, reason: reason)
        if failures == 1 {
            logger.warning("memcached fails", metadata: ["server": "\(address)", "reason": "\(reason)"])
        }
    }
}
