// What may be sent to one endpoint now: its circuit, its pace, and how much is under way. Pure: time comes from outside.

import Webhooks

struct Lane {
    typealias Time = ContinuousClock.Instant

    private(set) var circuit = Circuit()
    private(set) var underWay = 0
    /// It has said that it has too much to do: nothing before then, and one at a time until one succeeds.
    private var pausedUntil: Time?
    private var isSlow = false
    /// By the subscription's rate: how many may still be sent, and since when.
    private var tokens: (count: Double, at: Time)?

    enum Room: Equatable {
        /// So many may be sent.
        case some(Int)
        /// What is under way has to end first.
        case full
        /// Nothing before then.
        case none(until: Time)
    }

    /// Takes room for as many as are given.
    mutating func take(upTo most: Int, rate: Int?, at now: Time) -> Room {
        if let pausedUntil, now < pausedUntil { return .none(until: pausedUntil) }
        let places = (isSlow ? 1 : most) - underWay
        guard places > 0 else { return .full }
        var room = places
        if let rate {
            let filled = min(
                Double(rate),
                (tokens?.count ?? Double(rate)) + (tokens.map { $0.at.duration(to: now) } ?? .zero) / .seconds(1)
                    * Double(rate))
            tokens = (filled, now)
            guard filled >= 1 else { return .none(until: now + .seconds(1) * ((1 - filled) / Double(rate))) }
            room = min(room, Int(filled))
        }
        switch circuit.pass(at: now) {
        case .all: break
        case .one: room = 1
        case .none(let until): return .none(until: until)
        }
        underWay += room
        if let count = tokens?.count { tokens?.count = count - Double(room) }
        return .some(room)
    }

    /// Room that was not used.
    mutating func giveBack(_ count: Int, at now: Time) {
        guard count > 0 else { return }
        underWay -= count
        if let have = tokens?.count { tokens?.count = have + Double(count) }
        if underWay == 0 { circuit.giveBack(at: now) }
    }

    /// An attempt has ended.
    ///
    /// - Parameter pause: for which it wishes to be left alone.
    mutating func ended(_ verdict: Verdict, pause: Duration?, at now: Time) {
        underWay -= 1
        switch verdict {
        case .delivered:
            isSlow = false
            pausedUntil = nil
            circuit.record(success: true, at: now)
        case .retry(_, let slower):
            circuit.record(success: false, at: now)
            if slower { isSlow = true }
            if let pause { pausedUntil = max(pausedUntil ?? now, now + pause) }
        // The endpoint was not asked, or is not asked any more.
        case .dead, .gone: circuit.giveBack(at: now)
        }
    }
}
