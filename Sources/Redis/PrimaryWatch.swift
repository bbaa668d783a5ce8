import Logging
import NIOCore
import Synchronization

/// Knows where the primary is, for as long as it runs: asks the sentinels, or the servers of a list, ten times a second on connections
/// that it keeps, and lets ``PrimaryChoice`` decide. An address of a single server is the answer itself.
///
/// Asking again is what a message `+switch-master` would only hint at: the message does not say of which election it is, and comes from one
/// sentinel, which may have missed a later one.
final class PrimaryWatch: Sendable {
    private enum Question: Sendable {
        case sentinel(name: String)
        case server
    }

    private struct State {
        var choice: PrimaryChoice
        var listeners: [UInt64: AsyncStream<PrimaryChoice.Decision>.Continuation] = [:]
        var nextListener: UInt64 = 0
    }

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let metrics: RedisMetrics
    private let logger: Logger
    private let question: Question
    /// Who is asked; empty for a single server.
    private let places: [(endpoint: RedisEndpoint, address: RedisAddress)]
    private let state: Mutex<State>

    init(_ configuration: RedisConfiguration, on eventLoop: any EventLoop, metrics: RedisMetrics, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.metrics = metrics
        self.logger = logger
        let address = configuration.address
        switch address.target {
        case .tcp, .unixSocket:
            question = .server
            places = []
        case .list(let servers):
            question = .server
            places = servers.map { ($0, address.server(at: $0)) }
        case .sentinels(let sentinels, let name):
            question = .sentinel(name: name)
            places = sentinels.map { ($0, address.sentinel(at: $0)) }
        }
        state = Mutex(State(choice: PrimaryChoice(asking: places.map(\.endpoint))))
    }

    /// Asks until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for place in places.indices { group.addTask { await self.ask(place) } }
        }
    }

    // MARK: What is known

    /// Where the primary is. Waits until everybody has been asked once.
    func primary() async throws(RedisError) -> RedisAddress {
        if places.isEmpty { return configuration.address }
        for await decision in decisions() {
            switch decision {
            case .undecided: continue
            case .primary(let endpoint): return configuration.address.server(at: endpoint)
            case .nobody(let reason): throw .notConnected(configuration.address, reason: reason)
            }
        }
        throw .cancelled
    }

    /// As `primary`, for one who does not run it: asks only for so long.
    func primaryOnce() async throws(RedisError) -> RedisAddress {
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            defer { group.cancelAll() }
            do throws(RedisError) {
                return Result<RedisAddress, RedisError>.success(try await primary())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Returns as soon as the primary is known to be another one, or the task is cancelled. Nobody being known is no reason to leave a
    /// server that answers.
    func becomesAnother(than address: RedisAddress) async {
        for await decision in decisions() {
            switch decision {
            case .primary(let endpoint) where configuration.address.server(at: endpoint) != address: return
            case .primary, .undecided, .nobody: continue
            }
        }
    }

    /// Runs the body, and closes the channel if meanwhile the primary turns out to be another server.
    func whilePrimary(
        _ address: RedisAddress, closing channel: CommandChannel, isolation: isolated (any Actor)? = #isolation,
        _ body: () async -> Void
    ) async {
        if places.isEmpty { return await body() }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.becomesAnother(than: address)
                if !Task.isCancelled { channel.close() }
            }
            await body()
            group.cancelAll()
        }
    }

    /// Waits, but not if the primary is known to be another than the one that was tried.
    ///
    /// - Returns: whether that was so.
    func pause(for duration: Duration, afterTrying address: RedisAddress?) async -> Bool {
        guard let address, !places.isEmpty else {
            try? await Task.sleep(for: duration)
            return false
        }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.becomesAnother(than: address)
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: duration)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    /// The present decision and all that follow.
    private func decisions() -> AsyncStream<PrimaryChoice.Decision> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PrimaryChoice.Decision.self, bufferingPolicy: .bufferingNewest(1))
        let listener = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            continuation.yield(state.choice.decision)
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: listener) }
        }
        return stream
    }

    private func saw(_ sighting: PrimaryChoice.Sighting, at place: Int) {
        let news: PrimaryChoice.Decision? = state.withLock { state in
            guard state.choice.saw(sighting, at: place) else { return nil }
            for listener in state.listeners.values { listener.yield(state.choice.decision) }
            return state.choice.decision
        }
        guard let news else { return }
        switch news {
        case .undecided: break
        case .primary(let endpoint):
            logger.notice("The primary of Redis is known", metadata: ["primary": "\(endpoint)"])
        case .nobody(let reason):
            logger.warning("Nobody knows a primary of Redis", metadata: ["reason": "\(reason)"])
        }
    }

    // MARK: Asking

    private func ask(_ place: Int) async {
        var probe = configuration
        probe.address = places[place].address
        probe.connectTimeout = configuration.primaryAnswerTimeout
        probe.commandTimeout = configuration.primaryAnswerTimeout
        var backoff = configuration.backoff
        while !Task.isCancelled {
            do throws(RedisError) {
                let channel = try await CommandChannel.connect(probe, on: eventLoop, metrics: metrics, logger: logger)
                defer { channel.close() }
                var login = Handshake.logIn(to: channel, probe.address)
                while !Task.isCancelled {
                    saw(try await look(through: channel, login), at: place)
                    login = nil
                    backoff.reset()
                    try? await Task.sleep(for: configuration.primaryInterval)
                }
            } catch {
                saw(.nothing(reason: error.reason), at: place)
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    private func look(
        through channel: CommandChannel, _ login: EventLoopFuture<RESPValue>?
    ) async throws(RedisError) -> PrimaryChoice.Sighting {
        if let login { _ = try await login.redisValue() }
        switch question {
        case .sentinel(let name):
            let reply = try await channel.send(RedisCommand("SENTINEL", "MASTER", .string(name)))
            return try PrimaryChoice.Sighting(sentinel: reply)
        case .server: return .server(try await Handshake.ask(channel).redisValue())
        }
    }
}

extension PrimaryChoice.Sighting {
    /// Reads the names and values of SENTINEL MASTER.
    init(sentinel reply: RESPValue) throws(RedisError) {
        let elements = reply.array ?? []
        func field(_ name: String) -> RESPValue? {
            for index in stride(from: 0, to: elements.count - 1, by: 2) where elements[index].string == name {
                return elements[index + 1]
            }
            return nil
        }
        guard let host = field("ip")?.string, !host.isEmpty, let port = field("port")?.integer,
            (1...65_535).contains(port), let configEpoch = field("config-epoch")?.integer
        else { throw .unexpectedReply("SENTINEL MASTER without ip, port and config-epoch") }
        self = .names(RedisEndpoint(host: host, port: Int(port)), configEpoch: configEpoch)
    }
}
