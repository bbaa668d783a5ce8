// Who is here: what this client says about itself, renewed as long as it is here, and what others say.

import Documents

struct Presence: Sendable {
    /// After which a client that is gone is forgotten: the contract's own choice.
    static let life: Duration = .seconds(30)
    /// Between renewals: a third, so that two may fail.
    static let renewal: Duration = life / 3
    /// Between questions for who is here, where no stream says so.
    static let interval: Duration = .seconds(2)

    enum Said: Sendable {
        case nothing
        case here(Document)
        case gone
    }

    var said = Said.nothing
    /// Whether others are to be seen.
    var isWanted = false
    var clients: [String: Document] = [:]
    /// Of the list that was asked for last.
    var tag: String?
    /// Counts how often `clients` was set.
    var revision = 0
    var failures = 0
    /// How it was said last; nil if that is void.
    var over: Route?
}

extension ClientState {
    /// Says what there is to say, now and again.
    mutating func say() {
        guard isOnline else { return }
        let over = delivery.isOpenSocket ? Route.socket : .http
        switch presence.said {
        case .nothing: return
        case .gone:
            presence.over = over
            act(.say(nil, over: over, life: nil))
            cancel(.presence)
        case .here(let value):
            presence.over = over
            act(.say(value, over: over, life: Presence.life))
            set(.presence, between: Presence.renewal * 9 / 10...Presence.renewal)
        }
    }

    /// Sooner than the next renewal, so that the time does not run out.
    mutating func sayFailed(_ failing: Failing) {
        if case .nothing = presence.said { return }
        presence.failures += 1
        let pause = Pause.after(failures: presence.failures, retryAfter: failing.retryAfter)
        let most = max(Presence.renewal, failing.retryAfter)
        set(.presence, between: min(pause.lowerBound, most)...min(pause.upperBound, most))
    }

    /// After a way has opened: what was said on a socket was forgotten with it, and polls do not say who is here.
    mutating func keepUpPresence() {
        guard delivery.phase == .open else { return }
        if presence.over == nil { say() }
        if !isSet(.present) { askWhoIsHere() }
    }

    /// The client ends. What it said on a socket is gone with that.
    mutating func leavePresence() {
        if presence.over == .http, case .here = presence.said { act(.say(nil, over: .http, life: nil)) }
    }

    /// Asks who is here, where nobody says so.
    mutating func askWhoIsHere() {
        guard presence.isWanted, isOnline, !delivery.way.isStream else { return }
        act(.askPresence(tag: presence.tag))
        set(.present, between: Presence.interval...Presence.interval * 6 / 5)
    }
}
