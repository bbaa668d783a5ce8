// The states that this server serves: the table, behind a lock that is held for no longer than a look-up, and the watchers that
// keep it current.

package import ChangeLog
import Fold
package import HTTPService
package import Logging
import Metrics
import ServiceLifecycle
package import SnapshotCache
import Synchronization

package struct PollConfiguration: Sendable {
    /// Bytes of all states kept ready, with what their watchers need.
    package var tableBytes: Int
    /// Without a poll for this long an application is not watched any more.
    package var idleTime: Duration = .seconds(30)
    /// How often a watcher looks by itself, in case a hint was lost. With the merge daemon's sweep (250 ms) this bounds how old an
    /// answer can be while hints are lost.
    package var recheckInterval: Duration = .milliseconds(240)
    /// When the next poll is welcome.
    package var pollInterval: Duration
    /// Clients that may wait for the next version at the same time, by whatever way. One costs half a KiB beside its connection.
    package var waitingClients: Int

    package init(
        tableBytes: Int = 256 << 20, pollInterval: Duration = .milliseconds(250), waitingClients: Int = 100_000
    ) {
        self.tableBytes = tableBytes
        self.pollInterval = pollInterval
        self.waitingClients = waitingClients
    }
}

package final class States: Service {
    package let configuration: PollConfiguration
    let log: ChangeLog
    let hints: LogHints
    let cache: SnapshotCache
    let logger: Logger
    let metrics = PollMetrics()
    /// The places of clients that wait for the next version.
    let waiting: WaitingPlaces
    let counts = PollCounts()

    private struct Shared {
        var table: StateTable
        var continuations: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var watchers: [ApplicationID: Watcher] = [:]
        var listeners: [ApplicationID: [UInt64: @Sendable () -> Void]] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let shared: Mutex<Shared>
    private let pollIntervalMilliseconds: Atomic<Int64>

    /// When the next poll is welcome, as the busiest event loops last said.
    var pollInterval: Duration {
        get { .milliseconds(pollIntervalMilliseconds.load(ordering: .relaxed)) }
        set {
            pollIntervalMilliseconds.store(newValue.wholeMilliseconds, ordering: .relaxed)
            rates?.pollPause = newValue
        }
    }
    private let rates: RequestRates?
    private let newWatchers: AsyncStream<Watcher>
    private let newWatchersContinuation: AsyncStream<Watcher>.Continuation

    package init(
        log: ChangeLog, hints: LogHints, cache: SnapshotCache, configuration: PollConfiguration,
        rates: RequestRates? = nil, logger: Logger
    ) {
        self.rates = rates
        rates?.pollPause = configuration.pollInterval
        self.log = log
        self.hints = hints
        self.cache = cache
        self.configuration = configuration
        self.logger = logger
        waiting = WaitingPlaces(configuration.waitingClients)
        pollIntervalMilliseconds = Atomic(configuration.pollInterval.wholeMilliseconds)
        shared = Mutex(Shared(table: StateTable(limit: configuration.tableBytes)))
        // Bounded by the table: there is one element per application that was just added to it.
        (newWatchers, newWatchersContinuation) = AsyncStream.makeStream(of: Watcher.self)
    }

    /// Runs the watchers until shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await watcher in self.newWatchers {
                    group.addTask { await watcher.run() }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: What routes ask

    /// What is known of an application, which counts as polled from now on.
    func poll(_ application: ApplicationID) -> StateTable.Entry {
        take(application) { table, now in table.poll(application, at: now) }
    }

    /// For a lane: what it needs to answer polls of an application by itself; nil if nobody has polled it yet.
    func live(_ application: ApplicationID) -> LiveState? {
        shared.withLock { $0.table[application]?.live }
    }

    /// For a route: counts a poll of an application that has a state, as lanes do.
    func countPoll(of application: ApplicationID) {
        if entry(application)?.served != nil { counts.poll(application) }
    }

    /// Runs `body` while the application stays in the table: what is waited for is found by the one who asked for it.
    func keeping<Value, Failure: Error>(
        _ application: ApplicationID, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        _ = take(application) { table, now in table.hold(application, at: now) }
        defer {
            shared.withLock { $0.table.release(application) }
            evict()
        }
        return try await body()
    }

    /// Somebody who is called whenever something else is served of an application, which stays in the table until they end it.
    struct Listening: Sendable {
        let live: LiveState
        fileprivate let application: ApplicationID
        fileprivate let number: UInt64
        fileprivate let states: States

        /// To be called once.
        func end() { states.endListening(self) }
    }

    /// - Parameter changed: is called from anywhere, and has to be quick. One call may stand for several changes.
    func listen(to application: ApplicationID, _ changed: @escaping @Sendable () -> Void) -> Listening {
        let entry = take(application) { table, now in table.hold(application, at: now) }
        let number = shared.withLock { shared in
            shared.nextWaiter += 1
            shared.listeners[application, default: [:]][shared.nextWaiter] = changed
            return shared.nextWaiter
        }
        return Listening(live: entry.live, application: application, number: number, states: self)
    }

    private func endListening(_ listening: Listening) {
        let application = listening.application
        shared.withLock { shared in
            shared.listeners[application]?[listening.number] = nil
            if shared.listeners[application]?.isEmpty ?? false { shared.listeners[application] = nil }
            shared.table.release(application)
        }
        evict()
    }

    private func take(
        _ application: ApplicationID, _ note: (inout StateTable, ContinuousClock.Instant) -> Bool
    ) -> StateTable.Entry {
        let now = ContinuousClock.now
        let (entry, watcher) = shared.withLock { shared -> (StateTable.Entry, Watcher?) in
            let isNew = note(&shared.table, now)
            var watcher: Watcher?
            if isNew {
                watcher = Watcher(application, of: self)
                shared.watchers[application] = watcher
            }
            return (shared.table[application] ?? StateTable.Entry(lastLook: now, lastPoll: now), watcher)
        }
        if let watcher {
            newWatchersContinuation.yield(watcher)
            evict()
        }
        return entry
    }

    /// Asks for a look at Redis.
    ///
    /// - Parameter folding: what to fold in although it is not published yet.
    /// - Returns: the number of a look that begins after now. It counts for as long as the application is kept.
    func askForLook(at application: ApplicationID, folding: Watcher.Folding = .nothing) -> UInt64 {
        let (ticket, watcher) = shared.withLock { shared in
            (shared.table.askForLook(at: application, folding: folding), shared.watchers[application])
        }
        watcher?.note { $0.look = true }
        return ticket
    }

    /// Waits until something about the application changes, or until the deadline. For a request's own task, so as many wait as there
    /// are requests under way.
    ///
    /// - Returns: false at the deadline, or on cancellation.
    func change(
        of application: ApplicationID, since generation: UInt64, until deadline: ContinuousClock.Instant
    ) async -> Bool {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
        let waiter = shared.withLock { shared in
            shared.nextWaiter += 1
            return shared.nextWaiter
        }
        return await Waiting.happens(before: deadline) { await self.wait(waiter, for: application, since: generation) }
    }

    private func wait(_ waiter: UInt64, for application: ApplicationID, since generation: UInt64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = shared.withLock { shared in
                    guard !Task.isCancelled, shared.table.wait(waiter, for: application, since: generation) else {
                        return false
                    }
                    shared.continuations[waiter] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            let continuation = shared.withLock { shared in
                shared.table.stopWaiting(waiter, for: application)
                return shared.continuations.removeValue(forKey: waiter)
            }
            continuation?.resume()
        }
    }

    // MARK: What watchers tell

    /// Changes an entry and wakes those who wait for it. A watcher whose application was thrown out, and perhaps taken in again
    /// with another watcher, changes nothing any more.
    func update(by watcher: Watcher, _ change: (inout StateTable.Entry) -> Void) {
        let application = watcher.application
        let (continuations, listeners) = shared.withLock {
            shared -> ([CheckedContinuation<Void, Never>], [@Sendable () -> Void]) in
            guard shared.watchers[application] === watcher else { return ([], []) }
            let (waiters, isNews) = shared.table.update(application, change)
            let listeners = isNews ? shared.listeners[application].map { Array($0.values) } ?? [] : []
            return (waiters.compactMap { shared.continuations.removeValue(forKey: $0) }, listeners)
        }
        for continuation in continuations { continuation.resume() }
        for listener in listeners { listener() }
    }

    /// - Returns: what the look has to fold in beyond what is published.
    func beginLook(by watcher: Watcher) -> Watcher.Folding {
        shared.withLock { shared in
            guard shared.watchers[watcher.application] === watcher else { return .nothing }
            return shared.table.beginLook(at: watcher.application)
        }
    }

    func entry(_ application: ApplicationID) -> StateTable.Entry? {
        shared.withLock { $0.table[application] }
    }

    /// Enters the polls that lanes have answered.
    func notePolls(by watcher: Watcher) {
        let now = ContinuousClock.now
        shared.withLock { shared in
            guard shared.watchers[watcher.application] === watcher,
                shared.table[watcher.application]?.live.takePolled() ?? false
            else { return }
            _ = shared.table.poll(watcher.application, at: now)
        }
    }

    /// Throws the watcher's application out unless it was polled meanwhile or somebody needs it.
    ///
    /// - Returns: whether it is gone, and the watcher has to end.
    func retire(_ watcher: Watcher) -> Bool {
        let application = watcher.application
        return shared.withLock { shared in
            guard shared.watchers[application] === watcher else { return true }
            guard shared.table.isIdle(application, for: configuration.idleTime, at: .now) else { return false }
            remove(application, from: &shared)
            return true
        }
    }

    /// Makes room. What is thrown out is read anew when it is polled again, and then compared with what Redis says is published,
    /// so nobody sees an older version for it.
    func evict() {
        let evicted = shared.withLock { shared in
            shared.table.forgetSurplus()
            return shared.table.surplus().compactMap { application -> Watcher? in
                let watcher = shared.watchers[application]
                remove(application, from: &shared)
                return watcher
            }
        }
        for watcher in evicted { watcher.note { $0.stop = true } }
        metrics.evicted(evicted.count)
    }

    private func remove(_ application: ApplicationID, from shared: inout Shared) {
        _ = shared.table.remove(application)
        shared.watchers[application] = nil
    }
}
