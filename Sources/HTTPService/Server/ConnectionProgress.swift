// How far the requests of one connection have come, and what follows from it. No I/O: events in, actions out;
// `ConnectionGuard` carries them out.
//
//     new ──bytes──▶ head ──head──▶ body ──end──▶ idle ──bytes──▶ head …
//                      │              │             │
//                      └── deadline, malformed, last answer ──▶ discarding ──peer closes, linger──▶ closed

struct ConnectionProgress {
    enum Reading: Equatable {
        /// Between requests.
        case idle
        /// The connection is new, or the first bytes of a header have arrived.
        case head
        /// The header is there, the end of the request is not.
        case body(length: BodyLength, awaitsContinue: Bool)
        /// Nothing that comes is of interest any more: the last answer of the connection has been decided.
        case discarding
    }

    enum BodyLength: Equatable {
        case none
        case known(Int)
        /// Sent in chunks.
        case unknown
    }

    enum Deadline: Equatable {
        case head, body, linger
    }

    enum Action: Equatable {
        case nothing
        case start(Deadline)
        case cancelDeadline
        /// Let the request's reader fail with a time-out.
        case failRequest
        /// Close the sending side, read on until the peer has closed too or the linger time is over.
        case finish
        case close
    }

    private(set) var reading = Reading.head
    /// Whether the connection may go on after the answer, one for each request that is not answered yet, oldest first.
    private var unanswered: [Bool] = []
    /// The answer that is being written is the connection's last.
    private var isLastAnswer = false
    private(set) var isMalformed = false
    private let discardedBodyBytes: Int

    init(discardedBodyBytes: Int) {
        self.discardedBodyBytes = discardedBodyBytes
    }

    /// Whether parts of requests are still to be passed on.
    var isReading: Bool { reading != .discarding }

    /// Whether all requests that have begun are answered, and another may come.
    var isIdle: Bool { reading == .idle && unanswered.isEmpty && !isLastAnswer }

    mutating func opened() -> Action { .start(.head) }

    mutating func bytesArrived() -> Action {
        guard reading == .idle else { return .nothing }
        reading = .head
        return .start(.head)
    }

    mutating func headArrived(keepAlive: Bool, length: BodyLength, awaitsContinue: Bool) -> Action {
        guard isReading else { return .nothing }
        unanswered.append(keepAlive)
        reading = .body(length: length, awaitsContinue: awaitsContinue)
        return length == .none ? .cancelDeadline : .start(.body)
    }

    mutating func endArrived() -> Action {
        guard isReading else { return .nothing }
        reading = .idle
        return .cancelDeadline
    }

    mutating func malformed() { isMalformed = true }

    /// A handler begins to read a body. True if the peer waits for “100 Continue” and may be told so now.
    mutating func bodyWanted() -> Bool {
        // Behind an answer that is still missing the line would belong to the wrong request.
        guard case .body(let length, awaitsContinue: true) = reading, unanswered.count == 1 else { return false }
        reading = .body(length: length, awaitsContinue: false)
        return true
    }

    /// An answer begins. True if it has to say that the connection ends with it.
    ///
    /// - Parameter isEnding: The server stops, and the last request that is here is the connection's last.
    mutating func answerBegins(isEnding: Bool = false) -> Bool {
        let keepAlive = unanswered.first ?? false
        isLastAnswer =
            !keepAlive || (unanswered.count == 1 && (isEnding || !isRestWorthReading))
            || (unanswered.isEmpty && isMalformed)
        return isLastAnswer
    }

    /// An answer has been written.
    mutating func answerEnds() -> Action {
        if !unanswered.isEmpty { unanswered.removeFirst() }
        guard isLastAnswer else { return .nothing }
        reading = .discarding
        return .finish
    }

    mutating func passed(_ deadline: Deadline) -> Action {
        switch deadline {
        case .head:
            guard reading == .head else { return .nothing }
            // Answers that are still being made for earlier requests of the connection are lost; their sender did not keep
            // the rules of the next one.
            reading = .discarding
            return .close
        case .body:
            guard case .body = reading else { return .nothing }
            isMalformed = true
            if unanswered.isEmpty {
                reading = .discarding
                return .finish
            }
            return .failRequest
        case .linger: return .close
        }
    }

    /// Whether what is missing of the present request is so little that the connection is worth it.
    private var isRestWorthReading: Bool {
        switch reading {
        case .idle, .head: true
        case .discarding: false
        case .body(_, awaitsContinue: true): false
        case .body(.none, _): true
        case .body(.known(let bytes), _): !isMalformed && bytes <= discardedBodyBytes
        case .body(.unknown, _): false
        }
    }
}
