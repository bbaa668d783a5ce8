// How far the requests of one connection have come at its front, and what follows from it: who gets the bytes that come, by when the
// peer has to do something, what ends. No I/O: events in, actions out; `ConnectionFront` carries them out.
//
//                ┌───────────── answered ─────────────┐
//                ▼                                    │
//     bytes ─▶ lanes ─────request for a route─────▶ passing ──▶ HTTP pipeline
//              │ │ ▲                                  │
//              │ │ │ reply                            │ peer has finished sending, request that only
//              │ ▼ │                                  ▼ the decoder may judge
//              │ waiting ──────────────────────────▶ left: every byte goes to the HTTP pipeline
//     takes    │   │ head of a stream
//              │   ▼
//              │ streaming ──end──▶ lanes
//              ▼
//            taken: every byte goes to handlers of a lane's choice
//
// From everywhere: closing, where nothing that comes is of interest any more.

import NIOCore

struct FrontProgress {
    private(set) var mode = Mode.lanes
    /// When something has to have happened.
    private(set) var deadline = NIODeadline.distantFuture
    /// As the channel last said; asking it costs more than much of a poll.
    private(set) var isWritable = true
    /// When a peer that has taken nothing since then counts as one that does not read.
    private var stallEnd = NIODeadline.distantFuture
    private var untaken = UntakenBytes()
    /// The peer has finished sending.
    private(set) var isInputClosed = false
    /// Whether an HTTP pipeline is there.
    private(set) var hasPipeline = false
    /// The server is stopping: the present request is the last.
    private(set) var isLast = false
    /// How many requests may yet come on this connection.
    private(set) var requestsLeft: Int
    /// Whether something was answered since the last tick.
    private var wasActive = false
    /// Bytes that have to be there before it is worth looking again.
    private var awaited = 0
    /// Whether they are the rest of a body for a lane.
    private var awaitsBody = false

    private let times: FrontTimes

    /// Bytes that are held while an answer is under way. More stays in the kernel, whose buffers the peer fills next.
    static let mostHeld = 64 * 1024

    /// - Parameter requests: After whose answers the connection is closed.
    init(times: FrontTimes, requests: Int = .max) {
        self.times = times
        requestsLeft = requests
    }

    // MARK: Life

    mutating func opened(hasLanes: Bool, at now: NIODeadline) -> Action {
        guard hasLanes else { return leave() }
        deadline = now + times.head
        return .nothing
    }

    /// - Returns: whether a pipeline has to be built.
    mutating func needsPipeline() -> Bool {
        defer { hasPipeline = true }
        return !hasPipeline
    }

    /// About once a second.
    ///
    /// - Parameter untaken: Bytes that the peer has not taken. Asked for only if it is said to take none.
    mutating func tick(_ now: NIODeadline, untaken: @autoclosure () -> Int) -> Action {
        if wasActive {
            wasActive = false
            if mode == .lanes, deadline == .distantFuture { deadline = now + times.idle }
        }
        if stallEnd != .distantFuture, self.untaken.shrinks(to: untaken()) { stallEnd = now + times.stall }
        switch mode {
        // Whoever waits is let wait; a connection that was taken over has deadlines of its own.
        case .waiting, .taken: return .nothing
        case .lanes, .streaming, .passing, .left, .closing: break
        }
        if stallEnd <= now {
            stallEnd = .distantFuture
            return .close
        }
        guard deadline <= now else { return .nothing }
        // Whoever is still reading is not idle.
        deadline = isWritable ? .distantFuture : now + times.idle
        guard isWritable else { return .nothing }
        return mode == .lanes && awaitsBody ? leave() : .close
    }

    mutating func writabilityChanged(to isWritable: Bool, at now: NIODeadline) -> Action {
        self.isWritable = isWritable
        // The end of a connection waits until everything has gone.
        if isWritable, mode != .closing { stallEnd = .distantFuture } else { beginStall(now) }
        switch mode {
        case .streaming: return isWritable ? .tellWritable : .nothing
        case .lanes, .waiting, .passing, .left:
            if isWritable, !hasPipeline { deadline = now + times.head }
            return isWritable ? .goOn : .nothing
        case .taken, .closing: return .nothing
        }
    }

    mutating func inputClosed(held: Int, at now: NIODeadline) -> Action {
        isInputClosed = true
        switch mode {
        case .lanes: return settle(held: held, at: now)
        case .waiting, .streaming: return urgent()
        case .passing: return leave()
        case .left, .taken: return .passOn
        case .closing: return .nothing
        }
    }

    /// The server is to stop.
    mutating func quiesce(at now: NIODeadline) -> Action {
        isLast = true
        switch mode {
        // Half a request is a request under way.
        case .lanes: return awaitsBody ? leave() : finish(at: now)
        case .waiting, .streaming: return urgent()
        case .passing, .left, .taken: return .passOn
        case .closing: return .nothing
        }
    }

    /// The answer that was given says that it is the connection's last.
    mutating func lastAnswerGiven() { isLast = true }

    /// Whether the peer waits for something to happen, and sends nothing meanwhile.
    var isPatient: Bool {
        switch mode {
        case .waiting(let isPatient): isPatient
        case .streaming: true
        case .lanes, .passing, .left, .taken, .closing: false
        }
    }

    mutating func closed() { mode = .closing }

    // MARK: Bytes

    mutating func bytesArrived() -> Arrival {
        switch mode {
        case .lanes, .waiting, .streaming, .passing: return .hold
        case .left:
            deadline = .distantFuture
            return .passOn
        case .taken: return .passOn
        case .closing: return .drop
        }
    }

    func mayRead(held: Int) -> Bool {
        switch mode {
        case .left, .taken, .closing: true
        case .lanes: isWritable || held < Self.mostHeld
        case .waiting, .streaming, .passing: held < Self.mostHeld
        }
    }

    /// What to do with what is held.
    mutating func next(held: Int) -> Step {
        guard held > 0 else { return .stop }
        switch mode {
        case .lanes: return held >= awaited && isWritable && !isLast && requestsLeft > 0 ? .look : .stop
        case .passing(let missing):
            guard missing > 0 else { return .stop }
            let count = min(missing, held)
            mode = .passing(missing: missing - count)
            return .pass(count)
        case .waiting, .streaming, .left, .taken, .closing: return .stop
        }
    }

    /// No further step is possible now: what ends here, and by when the peer has to do something.
    mutating func settle(held: Int, at now: @autoclosure () -> NIODeadline) -> Action {
        switch mode {
        case .lanes:
            guard !isLast, requestsLeft > 0 else { return finish(at: now()) }
            guard isWritable else { return .nothing }
            // Half a request, and then nothing more: the decoder knows what that is.
            if isInputClosed { return held == 0 ? finish(at: now()) : leave() }
            if held == 0 {
                // The next tick sets the deadline: a look at the clock for every poll would cost more.
                wasActive = true
                deadline = .distantFuture
            }
            return .nothing
        case .waiting:
            deadline = .distantFuture
            return .nothing
        // The rest will not come; the pipeline has to be told.
        case .passing(let missing): return isInputClosed && missing > 0 ? leave() : .nothing
        case .streaming, .left, .taken, .closing: return .nothing
        }
    }

    // MARK: Requests

    mutating func headIsIncomplete(held: Int, at now: NIODeadline) {
        if awaited == 0 { deadline = now + times.head }
        awaited = held + 1
    }

    /// - Parameter bytes: of the whole request.
    mutating func bodyIsIncomplete(bytes: Int, at now: NIODeadline) {
        awaited = bytes
        awaitsBody = true
        deadline = now + times.body
    }

    /// A request is there, as much of it as is needed to give it to somebody.
    mutating func requestArrived() {
        awaited = 0
        awaitsBody = false
    }

    /// A request is answered, or will be by whoever has it now.
    mutating func countRequest() { requestsLeft = max(0, requestsLeft - 1) }

    /// The pipeline gets a request of so many bytes.
    mutating func pass(bytes: Int) {
        countRequest()
        deadline = .distantFuture
        mode = .passing(missing: bytes)
    }

    mutating func leave() -> Action {
        requestArrived()
        deadline = .distantFuture
        mode = .left
        return .leave
    }

    /// Handlers of a lane's have everything from here on.
    mutating func take() { mode = .taken }

    /// The pipeline has answered all it was given, and waits for more.
    mutating func pipelineBecameIdle(at now: NIODeadline) -> Action {
        switch mode {
        case .passing(missing: 0):
            mode = .lanes
            deadline = now + times.idle
            return .goOn
        case .left:
            deadline = now + times.idle
            return .nothing
        case .passing, .lanes, .waiting, .streaming, .taken, .closing: return .nothing
        }
    }

    // MARK: Replies

    /// A lane has taken a request. The connection may have closed while it did.
    mutating func replyIsOwed(isPatient: Bool) {
        countRequest()
        if mode == .lanes { mode = .waiting(isPatient: isPatient) }
    }

    /// A lane listens from now on to what becomes of the peer.
    mutating func replyBecamePatient() {
        if case .waiting = mode { mode = .waiting(isPatient: true) }
    }

    /// Whether somebody who begins to listen now has missed something.
    var isEnding: Bool { mode == .closing || isInputClosed || isLast }

    /// What that was.
    mutating func missed() -> Action { mode == .closing ? .dropPeer : urgent() }

    /// - Returns: false if no reply is owed.
    mutating func replied() -> Bool {
        guard case .waiting = mode else { return false }
        mode = .lanes
        return true
    }

    /// - Returns: false if no reply is owed.
    mutating func streamBegan() -> Bool {
        guard case .waiting = mode else { return false }
        mode = .streaming
        deadline = .distantFuture
        return true
    }

    /// - Returns: false if there is no stream.
    mutating func streamEnded() -> Bool {
        guard mode == .streaming else { return false }
        mode = .lanes
        return true
    }

    // MARK: What follows

    /// For a lane that waits or streams.
    private mutating func urgent() -> Action {
        switch mode {
        // Whoever has finished sending may have gone, and then the answer finds that out.
        case .waiting(isPatient: true), .streaming: return isInputClosed || isLast ? .tellNow : .nothing
        case .lanes, .waiting(isPatient: false), .passing, .left, .taken, .closing: return .nothing
        }
    }

    private mutating func finish(at now: NIODeadline) -> Action {
        mode = .closing
        deadline = .distantFuture
        beginStall(now)
        return .finish
    }

    private mutating func beginStall(_ now: NIODeadline) {
        stallEnd = now + times.stall
        untaken = UntakenBytes()
    }
}
