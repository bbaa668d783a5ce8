// One application that this server follows: its replica behind a lock, the subscription that feeds it, and those who wait and observe.
// Nothing runs by itself: whatever changes the replica makes an appointment on the event loop, and what is due then is done there.

import Fold
import NIOCore
import Redis
import Synchronization

final class Following: Sendable {
    typealias Instant = ContinuousClock.Instant

    let application: ApplicationID
    private let surroundings: PresenceSurroundings
    private let eventLoop: any EventLoop
    private let state: Mutex<State>
    private let subscription = Mutex<RedisSubscription?>(nil)
    private let onRetirement: @Sendable (Following) -> Void

    private struct State {
        var replica: PresenceReplica
        var watchers = PresenceWatchers()
        var alarm = Alarm()
        /// Nobody uses it any more; there is or will be another one for the application.
        var isRetired = false
    }

    /// - Parameter onRetirement: Is called once nobody uses it any more.
    init(
        _ application: ApplicationID, in surroundings: PresenceSurroundings, on eventLoop: any EventLoop,
        onRetirement: @escaping @Sendable (Following) -> Void
    ) {
        self.application = application
        self.surroundings = surroundings
        self.eventLoop = eventLoop
        self.onRetirement = onRetirement
        let replica = PresenceReplica(
            server: surroundings.server, configuration: surroundings.configuration, at: .now)
        state = Mutex(State(replica: replica))
    }

    /// Begins to listen. To be called once.
    func begin() {
        let new = surroundings.channels.subscribe(to: application) { [weak self] event in self?.receive(event) }
        subscription.withLock { $0 = new }
        // For the time at which others' answers are not waited for any longer.
        use { _, _ in }
    }

    // MARK: Use

    /// Does something to the replica, and sees to it that what follows from it is done.
    ///
    /// - Parameter sayings: What may come to be in the table by it, for the memory that takes.
    /// - Returns: whether it was done; not if that would be too much, nor once this is retired.
    @discardableResult
    private func use<Value>(
        adding sayings: [(client: ClientID, value: [UInt8]?)] = [],
        _ body: (inout PresenceReplica, inout PresenceWatchers) -> Value
    ) -> Use<Value> {
        let (outcome, alarm) = state.withLock { state -> (Use<Value>, Instant?) in
            guard !state.isRetired else { return (.retired, nil) }
            let growth = sayings.reduce(0) { $0 + state.replica.table.growth(by: $1.value, of: $1.client) }
            guard surroundings.budget.take(growth) else { return (.noRoom, nil) }
            let before = state.replica.table.bytes
            let value = body(&state.replica, &state.watchers)
            surroundings.budget.giveBack(growth - (state.replica.table.bytes - before))
            return (.done(value), state.alarm.set(for: state.replica.appointment))
        }
        if let alarm { startTimer(alarm) }
        return outcome
    }

    enum Use<Value> {
        case done(Value)
        case retired
        case noRoom
    }

    func put(_ client: ClientID, _ value: [UInt8], for life: Duration) -> Use<PresenceSaying?> {
        use(adding: [(client, value)]) { replica, _ in
            replica.put(client, value, for: life, at: .now, clock: surroundings.clock()).map { isNew in
                PresenceSaying(client: client, stamp: replica.table.entries[client]?.stamp, isNew: isNew)
            }
        }
    }

    func takeBack(_ saying: PresenceSaying) -> Use<Void> {
        use(adding: [(saying.client, nil)]) { replica, _ in
            guard replica.table.entries[saying.client]?.stamp == saying.stamp else { return }
            replica.remove(saying.client, at: .now, clock: surroundings.clock())
        }
    }

    func remove(_ client: ClientID) -> Use<Void> {
        use(adding: [(client, nil)]) { replica, _ in
            replica.remove(client, at: .now, clock: surroundings.clock())
        }
    }

    struct Look {
        let content: PresenceContent
        /// Whether what other servers know should be in it.
        let isSettled: Bool
        let generation: UInt64
    }

    func look() -> Use<Look> {
        use { replica, watchers in
            let content = replica.content(at: .now)
            return Look(content: content, isSettled: replica.isSettled, generation: watchers.generation)
        }
    }

    func observe(_ observer: PresenceWatchers.Observer) -> Use<UInt64> {
        use { replica, watchers in
            watchers.add(observer, tellNow: replica.isSettled ? replica.content(at: .now) : nil)
        }
    }

    func stopObserving(_ number: UInt64) { state.withLock { $0.watchers.remove(observer: number) } }

    /// Keeps a continuation until there is a notice after the one with this number.
    ///
    /// - Returns: false if there was one already, and the continuation is not kept.
    func wait(_ waiter: UInt64, since generation: UInt64, _ continuation: CheckedContinuation<Void, Never>) -> Bool {
        state.withLock { state in
            guard !state.isRetired, !Task.isCancelled, state.watchers.generation == generation else { return false }
            state.watchers.waiters[waiter] = continuation
            return true
        }
    }

    func stopWaiting(_ waiter: UInt64) {
        state.withLock { $0.watchers.waiters.removeValue(forKey: waiter) }?.resume()
    }

    /// Ends it, whoever uses it.
    func retire() {
        for waiter in state.withLock({ retire(&$0) }) { waiter.resume() }
        subscription.withLock { $0 = nil }
        onRetirement(self)
    }

    /// - Returns: those who wait no longer.
    private func retire(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        guard !state.isRetired else { return [] }
        state.isRetired = true
        surroundings.budget.giveBack(state.replica.table.bytes)
        defer { state.watchers = PresenceWatchers() }
        return Array(state.watchers.waiters.values)
    }

    // MARK: Messages

    func receive(_ event: RedisSubscriptionEvent) {
        switch event {
        case .subscribed, .resubscribed: use { replica, _ in replica.listens() }
        case .message(let bytes):
            let limit = surroundings.configuration.documentBytes
            guard let message = PresenceMessage(bytes, documentBytes: limit) else {
                return surroundings.metrics.refused()
            }
            let heard = use(adding: message.sayings) { replica, _ in
                replica.hear(message, at: .now, chance: .random(in: 0..<1))
            }
            switch heard {
            case .done: surroundings.metrics.heard()
            case .noRoom: surroundings.metrics.dropped()
            case .retired: break
            }
        }
    }

    private func publish(_ message: PresenceMessage) {
        surroundings.channels.publish(message.encoded, to: application) { [self] receivers in
            use { replica, _ in replica.spread(receivers: receivers, at: .now) }
        }
        surroundings.metrics.sent()
    }

    // MARK: Appointments

    private func startTimer(_ time: Instant) {
        let delay = max(time - .now, .zero)
        _ = eventLoop.scheduleTask(in: TimeAmount(delay)) { [weak self] in self?.attend(time) }
    }

    private func attend(_ time: Instant) {
        let now = Instant.now
        let done = state.withLock { state -> Done in
            state.alarm.rang(time)
            guard !state.isRetired else { return Done() }
            let before = state.replica.table.bytes
            let work = state.replica.work(at: now)
            surroundings.budget.giveBack(before - state.replica.table.bytes)
            var done = Done(message: work.message)
            if work.isNotice { done.waiters = state.watchers.notify { state.replica.content(at: now) } }
            if work.isIdle, state.watchers.isEmpty {
                _ = retire(&state)
                done.isOver = true
            } else {
                done.alarm = state.alarm.set(for: state.replica.appointment)
            }
            return done
        }
        for waiter in done.waiters { waiter.resume() }
        if let message = done.message { publish(message) }
        if let alarm = done.alarm { startTimer(alarm) }
        if done.isOver { retire() }
    }

    private struct Done {
        var message: PresenceMessage?
        var waiters: [CheckedContinuation<Void, Never>] = []
        var alarm: Instant?
        var isOver = false
    }
}

extension PresenceMessage {
    fileprivate var sayings: [(client: ClientID, value: [UInt8]?)] {
        switch self {
        case .question: []
        case .records(let records): records.map { ($0.client, $0.value) }
        }
    }
}
