// One lease as its worker keeps it: when to say that it is at work, and when nobody may count on it any more. Pure: the time comes from outside.
//
// A lease begins at the server while it is asked for. So, without comparing clocks: counted from when the request was sent, it is over here no later than
// there, and who works on until `end`, by a clock of their own, works alone. Only after a claim that had to wait nothing is known of when it began; it is
// renewed at once.

import Documents

struct LeaseMachine: Sendable {
    /// What a heartbeat says, beside that somebody is at work.
    struct Heartbeat: Sendable, Equatable {
        var progress: LongOperation.Progress?
        var checkpoint: Checkpoint?

        var isEmpty: Bool { progress == nil && checkpoint == nil }

        /// This, and of what was to be said before whatever this says nothing of.
        func following(_ earlier: Heartbeat) -> Heartbeat {
            Heartbeat(progress: progress ?? earlier.progress, checkpoint: checkpoint ?? earlier.checkpoint)
        }
    }

    struct Checkpoint: Sendable, Equatable {
        let json: JSONText
        /// Counts those of this lease.
        let number: Int
    }

    /// What is to be done.
    enum Step: Sendable, Equatable {
        /// Then tell how it went: ``answered(saidAt:)`` or ``failed(at:retryAfter:chance:)``.
        case say(Heartbeat)
        /// Nothing before that time, unless something happens here.
        case wait(until: Duration)
        /// Nothing any more.
        case over
    }

    enum Phase: Sendable, Equatable {
        /// Somebody is at work.
        case held
        /// The end is being told: that a heartbeat finds no lease any more may mean that it has arrived.
        case ending
        /// The server has heard how it ended.
        case ended
        /// Somebody else may have the operation.
        case lost
    }

    /// Progress is seen at most so often, so it is not said more often either.
    static let newsInterval: Duration = .milliseconds(250)
    /// Heartbeats that are not answered are repeated at least so often within a lease.
    private static let leastRepeats = 10

    let length: Duration
    private(set) var phase = Phase.held
    /// When it has run out for sure.
    private(set) var end: Duration
    /// When it is to be renewed.
    private var due: Duration
    /// Not before, after a failure.
    private var earliest: Duration
    private var failures = 0
    private var news = Heartbeat()
    /// What is being said at the moment.
    private var saying: Heartbeat?
    private var checkpoints = 0
    private var isMute = false

    /// A claim that was answered within this part of its lease did not wait, or as good as not.
    private static let partOfWait = 10

    /// - Parameters:
    ///   - asked: when the claim was sent.
    ///   - claimed: when it was answered.
    init(length: Duration, asked: Duration, claimed: Duration) {
        self.length = length
        let hasWaited = claimed - asked > length / Self.partOfWait
        end = (hasWaited ? claimed : asked) + length
        due = hasWaited ? claimed : asked + length / 2
        earliest = claimed
    }

    /// For one heartbeat: several fit between half of a lease and its end.
    var timeout: Duration { min(max(length / 6, .milliseconds(500)), .seconds(10)) }

    // MARK: What happens

    mutating func report(_ progress: LongOperation.Progress) { news.progress = progress }

    /// - Returns: the checkpoint's number.
    mutating func keep(_ checkpoint: JSONText) -> Int {
        checkpoints += 1
        news.checkpoint = Checkpoint(json: checkpoint, number: checkpoints)
        return checkpoints
    }

    mutating func step(at now: Duration) -> Step {
        switch phase {
        case .ended, .lost: return .over
        case .held, .ending: break
        }
        guard now < end else {
            // Whoever is telling the end learns from the answer whether it came too late.
            if phase == .held { phase = .lost }
            return .over
        }
        if saying != nil || isMute { return .wait(until: end) }
        let time = news.isEmpty ? max(due, earliest) : earliest
        guard now >= time else { return .wait(until: min(time, end)) }
        defer { news = Heartbeat() }
        saying = news
        return .say(news)
    }

    /// - Returns: the number of the last checkpoint that is kept by now; nil if it was not about one.
    mutating func answered(saidAt time: Duration) -> Int? {
        let said = saying?.checkpoint?.number
        saying = nil
        failures = 0
        end = max(end, time + length)
        due = time + length / 2
        earliest = time + Self.newsInterval
        return said
    }

    /// - Parameter chance: 0 to 1, so that workers that failed together do not come back together.
    mutating func failed(at now: Duration, retryAfter: Duration = .zero, chance: Double) {
        if let saying { news = news.following(saying) }
        saying = nil
        failures += 1
        let usual = Pause.after(failures: failures)
        let longest = min(usual.upperBound, length / Self.leastRepeats)
        // A server that asks for more time than there is would get the whole operation once more instead.
        let asked = min(retryAfter, max(end - now, .zero) / 2)
        earliest = now + asked + longest / 2 + longest / 2 * chance
    }

    /// What was said is not wanted; that somebody is at work is said without it.
    mutating func refused(at now: Duration) -> Int? {
        let said = saying?.checkpoint?.number
        saying = nil
        earliest = now
        due = now
        return said
    }

    /// The server knows of no such lease.
    mutating func notThere() {
        saying = nil
        switch phase {
        case .held: phase = .lost
        case .ending: isMute = true
        case .ended, .lost: break
        }
    }

    mutating func beginsEnding() { if phase == .held { phase = .ending } }

    /// The end was refused, for another reason than that of a lease that is not there: another one may be told.
    mutating func resumes() {
        if phase == .ending { phase = isMute ? .lost : .held }
    }

    mutating func ended() { phase = .ended }

    /// Somebody else may have it, or nobody keeps it any more.
    mutating func isLost() { if phase != .ended { phase = .lost } }
}
