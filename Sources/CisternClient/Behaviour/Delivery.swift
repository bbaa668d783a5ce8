// How states come: by a socket, by events, by long or by short polls, in this order of preference.
//
// A way that fails is tried again after a pause. When it has failed `attempts` times in a row, a plain poll decides: if that gets through, something
// between here and the server does not let the way pass, and the next one is taken; if not, the server is away, and the way is not to blame.

import Fold

struct Delivery: Sendable {
    /// Failures in a row after which a plain poll decides about a way. One alone is an accident.
    static let attempts = 2
    /// Until a stream has to be open.
    static let openTimeout: Duration = .seconds(10)
    /// After which an open stream counts as working; one that is cut before that has failed.
    static let steadyAfter: Duration = .seconds(5)
    /// Without a byte of events: the server writes after 15 s, so three times that.
    static let eventsSilence: Duration = .seconds(45)
    /// Without a message of the socket: a plain poll looks whether anything was missed.
    static let socketSilence: Duration = .seconds(60)
    /// Until a better way is tried again. The network may have become another.
    static let promoteAfter: Duration = .seconds(300)
    /// Of a long poll: below the minute after which proxies end silent requests.
    static let longWait: Duration = .seconds(50)
    /// Between short polls as long as the server has not said otherwise.
    static let usualInterval: Duration = .milliseconds(250)

    enum Phase: String, Sendable {
        case idle
        case opening
        case open
        /// A plain poll decides about the way.
        case probing
    }

    /// Those that are possible here, best first; never empty.
    let ways: [Way]
    var at = 0
    var phase = Phase.idle
    var failures = 0
    /// In a row, because what came did not fit.
    var reopened = 0
    /// Whether the plain poll did not get through either.
    var isAway = false
    var interval = usualInterval

    init(ways: [Way] = Way.allCases) { self.ways = ways.isEmpty ? [.short] : ways }

    var way: Way { ways[at] }
    var isLast: Bool { at == ways.count - 1 }
    /// Whether changes go, and presence is said, on a socket.
    var isOpenSocket: Bool { way == .socket && phase == .open }
}

extension ClientState {
    /// Goes the present way from the beginning.
    mutating func open() {
        let way = delivery.way
        cancel(.way)
        delivery.phase = .opening
        if way.isStream {
            act(.open(way, have: held.have, presence: presence.isWanted))
            set(.silence, after: Delivery.openTimeout)
        } else {
            poll()
        }
        if delivery.at > 0, !isSet(.promote) { set(.promote, after: Delivery.promoteAfter) }
    }

    private mutating func poll() {
        // The first one does not wait: whether the way is open should be known at once.
        let waits = delivery.way == .long && delivery.phase == .open
        act(.poll(.way, have: held.have, wait: waits ? Delivery.longWait : nil))
    }

    /// Ends what is under way.
    mutating func close() {
        if delivery.phase == .opening || delivery.phase == .open { act(.close) }
        delivery.phase = .idle
        for timer in [TimerName.way, .silence, .steady] { cancel(timer) }
    }

    mutating func opened(_ way: Way) {
        guard way == delivery.way else { return }
        problem = nil
        delivery.phase = .open
        set(.steady, after: Delivery.steadyAfter)
        heard()
        settleSoon()
    }

    /// Something came through the stream.
    mutating func heard() {
        set(.silence, after: delivery.way == .socket ? Delivery.socketSilence : Delivery.eventsSilence)
    }

    mutating func steady() {
        delivery.failures = 0
        delivery.reopened = 0
    }

    /// The way has ended, or did not begin.
    mutating func failed(retryAfter: Duration = .zero, isFinal: Bool = false) {
        close()
        // A stream that worked for a while and then ends has not failed: servers stop, networks change.
        delivery.failures = isFinal ? Delivery.attempts : delivery.failures + 1
        set(.way, between: Pause.after(failures: delivery.failures, retryAfter: retryAfter))
    }

    /// What comes does not fit what the client has, or the server is behind: begun again from there, after a pause. The way is not to blame.
    mutating func reopen() {
        close()
        delivery.reopened += 1
        set(.way, between: Pause.after(failures: delivery.reopened))
    }

    /// The pause is over.
    mutating func resume() {
        // Between two polls the way is open.
        if delivery.phase == .open { return poll() }
        if delivery.failures < Delivery.attempts || delivery.isLast { return open() }
        delivery.phase = .probing
        act(.poll(.probe, have: held.have))
    }

    /// The plain poll got through where the way did not; or the server is back, and the way begins anew.
    mutating func reachable() {
        guard delivery.phase == .probing else { return }
        if !delivery.isAway { return demote() }
        delivery.isAway = false
        delivery.failures = 0
        open()
    }

    /// The plain poll did not get through either.
    mutating func unreachable(retryAfter: Duration) {
        guard delivery.phase == .probing else { return }
        delivery.phase = .idle
        delivery.isAway = true
        delivery.failures += 1
        set(.way, between: Pause.after(failures: delivery.failures, retryAfter: retryAfter))
    }

    private mutating func demote() {
        close()
        delivery.at += 1
        delivery.failures = 0
        open()
    }

    /// Begins with the best way again.
    ///
    /// - Parameter attempts: how often it may fail before a plain poll decides.
    mutating func restart(attempts: Int = Delivery.attempts) {
        close()
        delivery.at = 0
        delivery.failures = Delivery.attempts - attempts
        open()
    }

    /// Tries the best way again while a lesser one works: once, because meanwhile nothing comes.
    mutating func promote() { restart(attempts: 1) }

    /// A poll of the present way was answered.
    mutating func polled(_ told: Told, _ verdict: Held.Verdict) {
        let isFirst = delivery.phase == .opening
        delivery.phase = .open
        // That a plain poll gets through says nothing of those that wait.
        if delivery.way != .long || !isFirst { delivery.failures = 0 }
        if let interval = told.interval { delivery.interval = interval }
        if delivery.way == .long {
            switch (told.content, verdict) {
            // Somebody on the way takes the wait out of the requests: this would become a poll without any pause.
            case (.unchanged(waited: false), _) where !isFirst: return demote()
            case (.state, .taken), (.state, .gap), (.patch, .taken), (.patch, .gap), (.unchanged, .taken),
                (.unchanged, .gap):
                return poll()
            case (.unknown, _), (_, .behind), (_, .strange): break
            }
        }
        // A fifth later at most, so that the polls of many clients spread.
        set(.way, between: delivery.interval...delivery.interval * 6 / 5)
    }
}
