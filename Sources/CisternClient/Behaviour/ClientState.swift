// What a client does, without doing it: `step` takes an event, changes the state and gives the actions to take. No clock, no chance, no I/O, so every
// decision can be tested from a table. ClientBehaviour.md has the events, the actions and the rules in words; the files beside this one have a
// part of the state each, and the rules about it.

import Documents
import Fold

struct ClientState: Sendable {
    var held: Held
    /// Whether the application exists; nil until a server has said so.
    var exists: Bool?
    var queue: ChangeQueue
    var questions: [Question] = []
    var pushFailures = 0
    var settleFailures = 0
    var delivery: Delivery
    var presence: Presence
    var isOnline: Bool
    /// What keeps changes from being sent, and states from coming.
    var pushProblem: CisternError?
    var problem: CisternError?
    /// The timers that are set, in the order in which they first were.
    private(set) var timers: [TimerName]
    private(set) var view: View
    /// Of the step under way.
    private var actions: [Action] = []

    init(
        queue: ChangeQueue, held: Held = Held(), exists: Bool? = nil, delivery: Delivery = Delivery(),
        presence: Presence = Presence(), questions: [Question] = [], isOnline: Bool = true, timers: [TimerName] = []
    ) {
        self.queue = queue
        self.held = held
        self.exists = exists ?? (held.now == nil ? nil : true)
        self.delivery = delivery
        self.presence = presence
        self.questions = questions
        self.isOnline = isOnline
        self.timers = timers
        view = View(held, queue.items)
    }

    /// One event.
    mutating func step(_ event: Event) -> [Action] {
        let before = held.version
        take(event)
        if case .stop = event {
        } else {
            send()
            ask()
            keepUpPresence()
        }
        let hasGaps = queue.hasGaps
        if let update = queue.saving() {
            // First: no change may leave under an id that a later start would give to another one.
            actions.insert(.save(update), at: 0)
        }
        view.follow(held, queue.items, isOther: hasGaps || held.version != before)
        defer { actions = [] }
        return actions
    }

    // MARK: Actions

    mutating func act(_ action: Action) { actions.append(action) }

    mutating func set(_ timer: TimerName, between: ClosedRange<Duration>) {
        if !timers.contains(timer) { timers.append(timer) }
        act(.timer(timer, between: between))
    }

    mutating func set(_ timer: TimerName, after time: Duration) { set(timer, between: time...time) }

    mutating func cancel(_ timer: TimerName) {
        guard let index = timers.firstIndex(of: timer) else { return }
        timers.remove(at: index)
        act(.cancel(timer))
    }

    func isSet(_ timer: TimerName) -> Bool { timers.contains(timer) }

    // MARK: Events

    private mutating func take(_ event: Event) {
        switch event {
        case .start: if isOnline { open() }
        case .stop: stop()
        case .offline: goOffline()
        case .online: goOnline()
        case .timer(let name): fire(name)

        case .push(let change): queue.append(change)
        case .pushed(let results): pushed(results)
        case .pushFailed(let failing): pushFailed(failing)
        case .acknowledged(let id, let receipt): acknowledged(id, receipt)
        case .refused(let id, let failing): refused(id, failing)
        case .rejected(let id, let reason): rejected(id, reason)
        case .outcome(let id, let outcome): answered(id, outcome)
        case .askFailed(let id, let failing): askFailed(id, failing)

        case .opened(let way): opened(way)
        case .heard: heard()
        case .closed(let way, let isFinal, let failing):
            problem = failing.error
            closed(way, isFinal: isFinal, retryAfter: failing.retryAfter)
        case .told(let told, let purpose): arrived(told, purpose)
        case .pollFailed(let purpose, let failing):
            problem = failing.error
            pollFailed(purpose, failing)

        case .say(let value):
            presence.said = value.map { .here($0) } ?? .gone
            say()
        case .said: presence.failures = 0
        case .sayFailed(let failing): sayFailed(failing)
        case .watchPresence: watchPresence()
        case .present(let clients, let tag):
            presence.clients = clients
            presence.tag = tag
            presence.revision += 1
            if tag == nil, delivery.phase == .open { heard() }
        }
    }

    private mutating func stop() {
        leavePresence()
        close()
        cancelAll()
    }

    private mutating func goOffline() {
        isOnline = false
        close()
        forgetSocketPushes()
        presence.over = nil
        cancelAll()
    }

    /// The network is another, maybe: everything is tried at once and from the best way on.
    private mutating func goOnline() {
        if isOnline { return }
        isOnline = true
        pushFailures = 0
        restart()
        settleSoon()
    }

    private mutating func cancelAll() {
        for timer in timers { cancel(timer) }
    }

    private mutating func fire(_ timer: TimerName) {
        timers.removeAll { $0 == timer }
        switch timer {
        case .way: resume()
        case .steady: steady()
        case .silence: silent()
        case .promote: promote()
        case .settle: askToSettle()
        case .return: held.strange?.isRipe = true
        case .presence: say()
        case .present: askWhoIsHere()
        // Nothing but the end of a pause: `step` sends and asks after every event.
        case .send, .ask: break
        }
    }
}
