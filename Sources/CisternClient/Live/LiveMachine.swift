// One live application's state, its subscribers and its callers, under one lock: events go in from anywhere, work comes out in order.
//
// A stream that was closed, or a timer that was cancelled, may have something to say all the same, from another thread: each has a serial number of the
// step that began it, and who is late is not heard.

import Documents
import Synchronization

final class LiveMachine: Sendable {
    /// An action, with the serial number of the stream or the timer that it is about.
    enum Work: Sendable {
        case action(Action, serial: Int)
        /// Changes that are written down by now.
        case sendNow([OutgoingChange], over: Route, serial: Int)
    }

    private struct Inner {
        var state: ClientState?
        /// What came before the storage was read.
        var early: [Event] = []
        var earlyPushes = 0
        /// It was stopped before the storage was read: what was pushed is written down yet, and nothing more.
        var isStopping = false
        var isClosed = false
        var stream = 0
        var timers: [TimerName: Int] = [:]
        var callers: [String: Promise<Result<FoldedChange, ChangeFailure>>] = [:]
        /// Changes of which it is not known yet whether they are kept.
        var unkept: [String: Promise<Bool>] = [:]
        var isDurable: Bool
        var storageProblem: String?
        /// As it was told last.
        var status: LiveStatus
        var states = Subscribers<LiveState>()
        var statuses = Subscribers<LiveStatus>()
        var presences = Subscribers<[String: JSONText]>()
        var failures = Subscribers<ChangeFailure>()
    }

    private let inner: Mutex<Inner>
    /// What is to be done. Whoever does it takes it out at once, so no more waits than came in between.
    let work: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation

    init(isDurable: Bool, ways: [Way]) {
        let status = LiveStatus(
            phase: .connecting, way: ways.first ?? .short, pendingCount: 0, isDurable: isDurable)
        inner = Mutex(Inner(isDurable: isDurable, status: status))
        (work, continuation) = AsyncStream.makeStream()
    }

    // MARK: Events

    /// The storage was read.
    func begin(_ state: ClientState) {
        let isStopping = inner.withLock { inner in
            inner.state = state
            if !inner.isStopping { step(.start, &inner) }
            for event in inner.early { step(event, &inner) }
            inner.early = []
            publishState(&inner)
            return inner.isStopping
        }
        if isStopping { stop() }
    }

    func dispatch(_ event: Event) {
        inner.withLock { inner in receive(event, &inner) }
    }

    /// An event of a stream or a poll that follows the state.
    func dispatch(_ event: Event, ofStream serial: Int) {
        inner.withLock { inner in if serial == inner.stream { receive(event, &inner) } }
    }

    func fire(_ timer: TimerName, serial: Int) {
        inner.withLock { inner in if inner.timers[timer] == serial { receive(.timer(timer), &inner) } }
    }

    /// Whether the stream of that number is still the one that is under way.
    func isCurrent(stream serial: Int) -> Bool { inner.withLock { $0.stream == serial } }

    /// A change of the program.
    func push(_ change: NewChange) throws(ChangeFailure) -> QueuedChange {
        let queued = QueuedChange(promise: Promise(), keeping: Promise())
        let failure: ChangeFailure? = inner.withLock { inner in
            if inner.isClosed || inner.isStopping { return .closed }
            let waiting = (inner.state?.queue.items.count ?? 0) + inner.earlyPushes
            if waiting >= ChangeQueue.mostPending { return .full(limit: ChangeQueue.mostPending) }
            inner.callers[change.key] = queued.promise
            inner.unkept[change.key] = queued.keeping
            if inner.state == nil { inner.earlyPushes += 1 }
            receive(.push(change), &inner)
            return nil
        }
        if let failure { throw failure }
        return queued
    }

    /// The storage has that, and all before it, or has failed to.
    ///
    /// - Parameter isDurable: whether what it has outlives the program.
    func saved(_ update: KeptQueue.Update, problem: String?, isDurable: Bool) {
        inner.withLock { inner in
            inner.isDurable = isDurable && problem == nil
            // Why there is no storage at all is not made up for by keeping changes in memory.
            if isDurable || problem != nil { inner.storageProblem = problem }
            publishStatus(&inner)
            for change in update.put { inner.unkept.removeValue(forKey: change.key)?.keep(inner.isDurable) }
        }
    }

    /// The storage is closed: what is not kept by now will not be.
    func ended() {
        let unkept = inner.withLock { inner in
            defer { inner.unkept = [:] }
            return inner.unkept
        }
        for promise in unkept.values { promise.keep(false) }
    }

    /// The storage cannot be read, and is not used.
    func storageFailed(_ problem: String) {
        inner.withLock { inner in
            inner.isDurable = false
            inner.storageProblem = problem
            publishStatus(&inner)
        }
    }

    /// The last event; what waits for something is told.
    func stop() {
        let ended: Inner? = inner.withLock { inner in
            if inner.isClosed { return nil }
            guard inner.state != nil else {
                inner.isStopping = true
                return nil
            }
            inner.isStopping = false
            receive(.stop, &inner)
            inner.isClosed = true
            let ended = inner
            inner.callers = [:]
            inner.states = Subscribers()
            inner.statuses = Subscribers()
            inner.presences = Subscribers()
            inner.failures = Subscribers()
            return ended
        }
        guard let ended else { return }
        continuation.finish()
        for promise in ended.callers.values { promise.keep(.failure(.closed)) }
        ended.states.finish()
        ended.statuses.finish()
        ended.presences.finish()
        ended.failures.finish()
    }

    func sendNow(_ changes: [OutgoingChange], over route: Route, serial: Int) {
        continuation.yield(.sendNow(changes, over: route, serial: serial))
    }

    private func receive(_ event: Event, _ inner: inout Inner) {
        if inner.isClosed || inner.isStopping { return }
        if inner.state == nil {
            // The program's own changes, which are counted, and a handful of others.
            inner.early.append(event)
        } else {
            step(event, &inner)
        }
    }

    private func step(_ event: Event, _ inner: inout Inner) {
        guard let (view, presence) = inner.state.map({ ($0.view.revision, $0.presence.revision) }) else { return }
        for action in inner.state?.step(event) ?? [] { take(action, &inner) }
        if let state = inner.state {
            if state.view.revision != view { publishState(&inner) }
            if state.presence.revision != presence { inner.presences.tell(state.clients) }
        }
        publishStatus(&inner)
    }

    private func take(_ action: Action, _ inner: inout Inner) {
        var serial = inner.stream
        switch action {
        case .tell(let key, let id, let outcome):
            answer(inner.callers.removeValue(forKey: key), id, outcome, inner.failures)
            // Nothing is left to be kept.
            inner.unkept.removeValue(forKey: key)?.keep(outcome.isApplied)
            return
        case .open, .close, .poll(.way, _, _, _):
            inner.stream += 1
            serial = inner.stream
        case .timer(let name, _), .cancel(let name):
            inner.timers[name, default: 0] += 1
            serial = inner.timers[name] ?? 0
        case .save, .send, .ask, .poll, .say, .askPresence: break
        }
        continuation.yield(.action(action, serial: serial))
    }

    private func answer(
        _ promise: Promise<Result<FoldedChange, ChangeFailure>>?, _ id: String, _ outcome: ToldOutcome,
        _ failures: Subscribers<ChangeFailure>
    ) {
        let result: Result<FoldedChange, ChangeFailure> =
            switch outcome {
            case .applied(let receipt):
                .success(FoldedChange(id: id, receipt: receipt.map { Position($0) }, outcome: .applied))
            case .unknown(let receipt):
                .success(FoldedChange(id: id, receipt: receipt.map { Position($0) }, outcome: .unknown))
            case .rejected(let problem): .failure(.rejected(id: id, problem))
            case .refused(let problem): .failure(.refused(id: id, problem))
            }
        promise?.keep(result)
        if case .failure(let failure) = result { failures.tell(failure) }
    }

    // MARK: What the program sees

    var state: LiveState? { inner.withLock { $0.state.map { LiveState($0) } } }
    var status: LiveStatus { inner.withLock { $0.status } }
    var clients: [String: JSONText] { inner.withLock { $0.state?.clients ?? [:] } }

    private func publishState(_ inner: inout Inner) {
        if let state = inner.state { inner.states.tell(LiveState(state)) }
    }

    private func publishStatus(_ inner: inout Inner) {
        guard var status = inner.state?.status else { return }
        status.isDurable = inner.isDurable
        status.storageProblem = inner.storageProblem
        if status == inner.status { return }
        inner.status = status
        inner.statuses.tell(status)
    }

    var states: AsyncStream<LiveState> {
        subscribe(\.states, newest: 1) { inner in inner.state.map { LiveState($0) } }
    }

    var statuses: AsyncStream<LiveStatus> {
        subscribe(\.statuses, newest: 1) { inner in inner.status }
    }

    var presences: AsyncStream<[String: JSONText]> {
        subscribe(\.presences, newest: 1) { inner in inner.state?.clients }
    }

    var failures: AsyncStream<ChangeFailure> {
        subscribe(\.failures, newest: ChangeQueue.mostPending) { _ in nil }
    }

    private func subscribe<Element>(
        _ subscribers: any WritableKeyPath<Inner, Subscribers<Element>> & Sendable, newest: Int,
        first: (Inner) -> Element?
    ) -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream<Element>.makeStream(bufferingPolicy: .bufferingNewest(newest))
        let number: Int? = inner.withLock { inner in
            if let element = first(inner) { continuation.yield(element) }
            return inner.isClosed ? nil : inner[keyPath: subscribers].add(continuation)
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.inner.withLock { inner in inner[keyPath: subscribers].remove(number) }
        }
        return stream
    }
}

/// Who is told something.
private struct Subscribers<Element: Sendable>: Sendable {
    private var continuations: [Int: AsyncStream<Element>.Continuation] = [:]
    private var next = 0

    mutating func add(_ continuation: AsyncStream<Element>.Continuation) -> Int {
        next += 1
        continuations[next] = continuation
        return next
    }

    mutating func remove(_ number: Int) { continuations[number] = nil }

    func tell(_ element: Element) {
        for continuation in continuations.values { continuation.yield(element) }
    }

    func finish() {
        for continuation in continuations.values { continuation.finish() }
    }
}

extension ClientState {
    /// Who is here, as JSON.
    fileprivate var clients: [String: JSONText] { presence.clients.mapValues { JSONText(bytes: $0.encoded()) } }
}
