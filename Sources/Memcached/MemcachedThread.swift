// One dedicated thread and everything that only it may touch.
//
// libmemcached blocks, in `connect`, `poll` and `getaddrinfo`, and a handle serves one thread. An actor whose executor is the only
// event loop of a private thread gives both without unchecked tricks: nothing else runs on that loop, and the compiler keeps
// the handles inside. Callers put operations into a bounded line and sleep. The thread takes them in batches and asks
// each server once for all keys that gathered while it was busy.
//
// Deadlines ring on another thread, since this one may be stuck in a call: a caller never waits longer than its time.

import Logging
import NIOCore
import Synchronization

actor MemcachedThread {
    enum Operation: Sendable {
        typealias Reply<Answer: Sendable> = CheckedContinuation<Result<Answer, MemcachedError>, Never>

        /// The first bytes of a value.
        case get(key: String, bytes: Int, Reply<MemcachedItem?>)
        case store(Store, Reply<MemcachedStoreOutcome>)
        case delete(key: String, Reply<Bool>)
        case statistics(server: Int, MemcachedStatistics, Reply<[String: String]>)
        case largestItem(server: Int, Reply<Int>)
        case largestItemForKey(String, Reply<Int>)
        case serverForKey(String, Reply<Int>)

        struct Store: Sendable {
            let command: Handle.StoreCommand
            let key: String
            let value: [UInt8]
            let expiration: Int
        }
    }

    private nonisolated let loop: any EventLoop
    private nonisolated let clock: any EventLoop
    private nonisolated let configuration: MemcachedConfiguration
    private nonisolated let metrics: MemcachedMetrics
    private nonisolated let line: Mutex<WaitingLine<Operation>>

    /// Knows all servers, is never connected, and only says which server keeps a key.
    private var router: Handle?
    private var connections: [ServerConnection]

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.executor.asUnownedSerialExecutor()
    }

    init(
        loop: any EventLoop, clock: any EventLoop, configuration: MemcachedConfiguration, metrics: MemcachedMetrics,
        logger: Logger
    ) {
        self.loop = loop
        self.clock = clock
        self.configuration = configuration
        self.metrics = metrics
        line = Mutex(
            WaitingLine(
                limits: .init(operations: configuration.waitingLimit, bytes: configuration.waitingBytesLimit)))
        connections = configuration.servers.map {
            ServerConnection(address: $0, configuration: configuration, logger: logger)
        }
    }

    /// Builds the handle that chooses servers.
    func start() throws(MemcachedError) {
        router = try Handle(servers: configuration.servers, configuration: configuration)
    }

    func serverIndices(forKeys keys: [String]) -> [Int] {
        guard let router else { return [] }
        return keys.map(router.serverIndex(forKey:))
    }

    // MARK: - Waiting

    /// Operations that wait or run here.
    nonisolated var waitingCount: Int {
        line.withLock { $0.count }
    }

    /// Puts an operation into the line and waits for its answer, until the deadline at most.
    nonisolated func perform<Answer: Sendable>(
        bytes: Int = 0, _ operation: (Operation.Reply<Answer>) -> Operation
    ) async throws(MemcachedError) -> Answer {
        let place = Place()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reply: Operation.Reply<Answer>) in
                enter(operation(reply), bytes: bytes, place: place)
            }
        } onCancel: {
            if let id = place.cancel() { leave(id, with: .cancelled) }
        }
        return try result.get()
    }

    /// Where an operation stands in the line, known to the one who may have to take it out.
    private final class Place: Sendable {
        private enum State {
            case outside
            case inside(UInt64)
            case cancelled
        }

        private let state = Mutex(State.outside)

        /// - Returns: false if the caller has given up already.
        func enter(_ id: UInt64) -> Bool {
            state.withLock { state in
                switch state {
                case .outside, .inside:
                    state = .inside(id)
                    return true
                case .cancelled:
                    return false
                }
            }
        }

        func cancel() -> UInt64? {
            state.withLock { state in
                defer { state = .cancelled }
                return if case .inside(let id) = state { id } else { nil }
            }
        }
    }

    private nonisolated func enter(_ operation: Operation, bytes: Int, place: Place) {
        guard !Task.isCancelled else { return operation.fail(.cancelled) }
        let deadline = NIODeadline.now() + TimeAmount(configuration.deadline)
        let id: UInt64
        do throws(WaitingLine<Operation>.Refusal) {
            // Timer and thread are called under the lock: once the line is closed nobody touches the loops, so they can end.
            id = try line.withLock { line throws(WaitingLine<Operation>.Refusal) in
                let admission = try line.enter(operation, bytes: bytes, deadline: deadline)
                if admission.setsTimer { setTimer(deadline) }
                if admission.wakesThread {
                    loop.execute { self.assumeIsolated { $0.work() } }
                }
                return admission.id
            }
        } catch {
            switch error {
            case .full: operation.fail(.busy)
            case .closed: operation.fail(.shutDown)
            }
            return
        }
        if !place.enter(id) { leave(id, with: .cancelled) }
    }

    private nonisolated func leave(_ id: UInt64, with error: MemcachedError) {
        line.withLock { $0.leave(id) }?.fail(error)
    }

    private nonisolated func setTimer(_ deadline: NIODeadline) {
        _ = clock.scheduleTask(deadline: deadline) {
            let expiry = self.line.withLock { $0.expire(now: .now()) }
            for operation in expiry.operations { operation.fail(.deadlineExceeded(self.configuration.deadline)) }
            if let next = expiry.next { self.setTimer(next) }
        }
    }

    // MARK: - Working

    private func work() {
        while true {
            let batch = line.withLock { [limit = configuration.batchLimit] in $0.take(limit: limit) }
            if batch.isEmpty { return }
            // Nobody who is answered in one batch can have waited for another of it, so the gets may go first.
            fetch(batch)
            for (id, operation) in batch { run(id, operation) }
        }
    }

    /// What a batch wants of one key.
    private struct Wanted {
        var ids: [UInt64] = []
        /// As many bytes of the value as the one who wants most wants.
        var bytes = 0

        mutating func add(_ id: UInt64, bytes more: Int) {
            ids.append(id)
            bytes = max(bytes, more)
        }
    }

    /// All gets of a batch: one request per server, every key once.
    private func fetch(_ batch: [(id: UInt64, operation: Operation)]) {
        var wanted: [Int: [String: Wanted]] = [:]
        for case (let id, .get(let key, let bytes, _)) in batch {
            do {
                let server = try serverIndex(forKey: key)
                wanted[server, default: [:]][key, default: Wanted()].add(id, bytes: bytes)
            } catch {
                finishGet(id, .failure(error))
            }
        }
        for (server, keys) in wanted {
            var open = keys
            let bytes = { (key: String) in keys[key]?.bytes ?? 0 }
            metrics.requested(keys: keys.count)
            do {
                try connections[server].fetch(Array(keys.keys), bytes: bytes) { key, item in
                    // A value nobody asked for, or twice the same, finds nobody here and is dropped.
                    for id in open.removeValue(forKey: key)?.ids ?? [] { finishGet(id, .success(item)) }
                }
                for id in open.values.flatMap(\.ids) { finishGet(id, .success(nil)) }
            } catch {
                for id in open.values.flatMap(\.ids) { finishGet(id, .failure(error)) }
            }
        }
    }

    private func finishGet(_ id: UInt64, _ result: Result<MemcachedItem?, MemcachedError>) {
        guard case .get(_, _, let reply)? = line.withLock({ $0.leave(id) }) else { return }
        reply.resume(returning: result)
    }

    private func run(_ id: UInt64, _ operation: Operation) {
        switch operation {
        case .get:
            break
        case .store(let store, let reply):
            answer(id, reply) { () throws(MemcachedError) in
                try connection(forKey: store.key).store(
                    store.command, key: store.key, value: store.value, expiration: store.expiration)
            }
        case .delete(let key, let reply):
            answer(id, reply) { () throws(MemcachedError) in try connection(forKey: key).delete(key) }
        case .statistics(let server, let group, let reply):
            answer(id, reply) { () throws(MemcachedError) in try connections[server].statistics(group) }
        case .largestItem(let server, let reply):
            answer(id, reply) { () throws(MemcachedError) in try connections[server].largestItem() }
        case .largestItemForKey(let key, let reply):
            answer(id, reply) { () throws(MemcachedError) in try connection(forKey: key).largestItem() }
        case .serverForKey(let key, let reply):
            answer(id, reply) { () throws(MemcachedError) in try serverIndex(forKey: key) }
        }
    }

    private func answer<Answer: Sendable>(
        _ id: UInt64, _ reply: Operation.Reply<Answer>, _ request: () throws(MemcachedError) -> Answer
    ) {
        // Whoever has given up meanwhile gets no request; whoever does so from here on is answered by the timer.
        guard line.withLock({ $0.contains(id) }) else { return }
        let result = Result(catching: request)
        if line.withLock({ $0.leave(id) }) != nil { reply.resume(returning: result) }
    }

    private func serverIndex(forKey key: String) throws(MemcachedError) -> Int {
        guard let router else { throw .shutDown }
        return router.serverIndex(forKey: key)
    }

    private func connection(forKey key: String) throws(MemcachedError) -> ServerConnection {
        connections[try serverIndex(forKey: key)]
    }

    // MARK: - The end

    /// Lets nobody in any more, answers those who are in, and closes the connections. Only once: afterwards the thread ends, and
    /// with it whatever is asked of this actor.
    func shutDown() {
        line.withLock { $0.close() }
        work()
        for connection in connections { connection.close() }
        connections = []
        router = nil
    }
}

extension MemcachedThread.Operation {
    func fail(_ error: MemcachedError) {
        switch self {
        case .get(_, _, let reply): reply.resume(returning: .failure(error))
        case .store(_, let reply): reply.resume(returning: .failure(error))
        case .delete(_, let reply): reply.resume(returning: .failure(error))
        case .statistics(_, _, let reply): reply.resume(returning: .failure(error))
        case .largestItem(_, let reply), .largestItemForKey(_, let reply), .serverForKey(_, let reply):
            reply.resume(returning: .failure(error))
        }
    }
}
