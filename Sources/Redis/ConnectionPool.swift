import NIOCore
import NIOPosix
import Synchronization

/// The connections of one client that are ready now, and the callers who wait for one. Shared by all threads.
final class ConnectionPool: Sendable {
    private enum Phase {
        case running
        case shutDown
    }

    private struct State {
        var phase = Phase.running
        /// One place per event loop; empty while that loop has no connection.
        var connections: [RedisConnection?]
        var turn = 0
        var waiting: [UInt64: CheckedContinuation<Result<RedisConnection, RedisError>, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var lastFailure = "no attempt to connect has ended yet"

        mutating func inTurn() -> RedisConnection? {
            for _ in connections.indices {
                turn = (turn + 1) % connections.count
                if let connection = connections[turn], connection.isUsable { return connection }
            }
            return nil
        }
    }

    private let configuration: RedisConfiguration
    private let eventLoops: [any EventLoop]
    private let places: [ObjectIdentifier: Int]
    private let state: Mutex<State>

    init(configuration: RedisConfiguration, eventLoops: [any EventLoop]) {
        self.configuration = configuration
        self.eventLoops = eventLoops
        places = Dictionary(
            eventLoops.enumerated().map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State(connections: Array(repeating: nil, count: eventLoops.count)))
    }

    var isShutDown: Bool {
        state.withLock { state in
            switch state.phase {
            case .running: false
            case .shutDown: true
            }
        }
    }

    /// The connection of the current event loop, or else the next one in turn; nil if none is ready.
    func ready() -> RedisConnection? {
        let here = MultiThreadedEventLoopGroup.currentEventLoop.flatMap { places[ObjectIdentifier($0)] }
        return state.withLock { state in
            guard case .running = state.phase else { return nil }
            if let here, let connection = state.connections[here], connection.isUsable { return connection }
            return state.inTurn()
        }
    }

    // MARK: Connections come and go

    /// - Returns: false if the client has been shut down meanwhile.
    func add(_ connection: RedisConnection) -> Bool {
        let waiting: [CheckedContinuation<Result<RedisConnection, RedisError>, Never>]? = state.withLock { state in
            guard case .running = state.phase, let place = places[ObjectIdentifier(connection.eventLoop)] else {
                return nil
            }
            state.connections[place] = connection
            defer { state.waiting.removeAll() }
            return Array(state.waiting.values)
        }
        guard let waiting else { return false }
        for caller in waiting { caller.resume(returning: .success(connection)) }
        return true
    }

    func remove(_ connection: RedisConnection) {
        state.withLock { state in
            for place in state.connections.indices where state.connections[place] === connection {
                state.connections[place] = nil
                state.lastFailure = "the connection was lost and has not been made again yet"
            }
        }
    }

    func attemptFailed(_ error: RedisError) {
        state.withLock { $0.lastFailure = error.reason }
    }

    /// Lends no connection out any more and refuses everybody who waits.
    ///
    /// - Returns: the connections there are.
    func shutDown() -> [RedisConnection] {
        let (connections, waiting) = state.withLock { state in
            state.phase = .shutDown
            defer { state.waiting.removeAll() }
            return (state.connections.compactMap { $0 }, Array(state.waiting.values))
        }
        for caller in waiting { caller.resume(returning: .failure(.shuttingDown(configuration.address))) }
        return connections
    }

    // MARK: Waiting

    /// Waits until a connection is ready, at most for `connectionWait`.
    func wait() async throws(RedisError) -> RedisConnection {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { enqueue(id, $0) }
        } onCancel: {
            giveUp(id) { _ in .cancelled }
        }
        return try result.get()
    }

    private func enqueue(_ id: UInt64, _ caller: CheckedContinuation<Result<RedisConnection, RedisError>, Never>) {
        let address = configuration.address
        let limit = configuration.waitingLimit
        let answer: Result<RedisConnection, RedisError>? = state.withLock { state in
            guard case .running = state.phase else { return .failure(.shuttingDown(address)) }
            if let connection = state.inTurn() { return .success(connection) }
            guard state.waiting.count < limit else { return .failure(.tooManyWaiting(address, limit: limit)) }
            state.waiting[id] = caller
            return nil
        }
        if let answer { return caller.resume(returning: answer) }
        // Cancelled before it was entered: then `onCancel` found nobody.
        if Task.isCancelled { return giveUp(id) { _ in .cancelled } }
        _ = eventLoops.first?.scheduleTask(in: TimeAmount(configuration.connectionWait)) {
            self.giveUp(id) { .notConnected(address, reason: $0.lastFailure) }
        }
    }

    private func giveUp(_ id: UInt64, _ error: (borrowing State) -> RedisError) {
        let waiter = state.withLock { state in
            state.waiting.removeValue(forKey: id).map { ($0, error(state)) }
        }
        waiter?.0.resume(returning: .failure(waiter?.1 ?? .cancelled))
    }
}
