// Sending what is pending, and what each answer means for it. One request is under way at a time, or on a socket as many changes as it allows.

import Documents
import Fold

extension ClientState {
    /// Changes on a socket without an answer, as the contract has it: the server reads no further then.
    static let socketUnanswered = 64

    /// Problems that are about one change, whatever becomes of the others: sending it again would change nothing.
    private static let refusals: Set<String> = [
        "invalid-id", "invalid-patch", "invalid-precondition", "malformed-json", "change-too-large",
        "unsupported-change-type", "change-too-old", "change-from-the-future", "invalid-batch",
    ]

    static let droppedProblem = Problem(
        slug: "application-deleted", title: "The application of this change was deleted", status: 410, detail: "",
        members: [:])

    /// Sends what comes next, if nothing stands against it.
    mutating func send() {
        guard isOnline, queue.sending.isEmpty, !isSet(.send) else { return }
        let unanswered = queue.unanswered
        let isSocket = delivery.isOpenSocket
        if !isSocket, unanswered > 0 { return }
        let changes = queue.sendNext(atMost: isSocket ? Self.socketUnanswered - unanswered : .max)
        if changes.isEmpty { return }
        if !isSocket { queue.sending = changes.map(\.id) }
        act(.send(changes, over: isSocket ? .socket : .http))
    }

    /// The socket is gone, and with it the answers to what was sent on it.
    mutating func forgetSocketPushes() {
        if queue.sending.isEmpty { queue.sendStraysAgain() }
    }

    // MARK: Answers

    /// A batch was taken: one result for each change.
    mutating func pushed(_ results: [Acknowledgement]) {
        queue.sending = []
        queue.batch = min(ChangeQueue.batchChanges, queue.batch * 2)
        for result in results {
            guard let item = queue.item(result.id) else { continue }
            let isApplied: Bool
            switch result.outcome {
            case .rejected(let problem):
                reject(item, problem)
                continue
            case .dropped:
                reject(item, Self.droppedProblem)
                continue
            case .pending: isApplied = false
            case .applied: isApplied = true
            }
            // An earlier number that is repeated gets the position of the last one: enough to confirm it, not to tell what became of it.
            queue.acknowledge(
                result.id,
                .init(position: result.position.token, isExact: result.isNew != false, isApplied: isApplied))
        }
        acknowledged()
    }

    mutating func acknowledged(_ id: String, _ receipt: PositionToken) {
        if let item = queue.item(id) {
            queue.acknowledge(id, .init(position: receipt, isExact: !item.mayBeRepeat, isApplied: false))
        }
        acknowledged()
    }

    private mutating func acknowledged() {
        pushFailures = 0
        pushProblem = nil
        settle()
        settleSoon()
    }

    /// A request was not answered, or refused as a whole; the problem's pointer says whose fault it was, if one change's.
    mutating func pushFailed(_ failing: Failing) {
        let sent = queue.sending
        queue.sending = []
        queue.sendAgain()
        let problem = failing.error?.problem
        let place = problem?.pointedIndex ?? (sent.count == 1 ? 0 : nil)
        if let problem, let place, sent.indices.contains(place), let item = queue.item(sent[place]),
            judge(item, problem)
        {
            return
        }
        // Whose fault it is was not said, or all were too much together: fewer.
        if let problem, (400..<500).contains(problem.status),
            problem.slug == "batch-too-large" || Self.refusals.contains(problem.slug)
        {
            queue.batch = max(1, queue.batch / 2)
        }
        later(failing)
    }

    /// One change of a socket was refused. Those behind it are refused as out of order, or not answered any more.
    mutating func refused(_ id: String, _ failing: Failing) {
        guard let item = queue.item(id), item.isSent else { return }
        if let problem = failing.error?.problem, judge(item, problem) { return }
        queue.sendAgain()
        later(failing)
    }

    /// A socket says that a change came to nothing: one that is pending, or whose outcome is being asked for.
    mutating func rejected(_ id: String, _ reason: Problem?) {
        if let item = queue.item(id) { reject(item, reason ?? Self.droppedProblem) }
        answered(id, .rejected(reason))
    }

    private mutating func reject(_ item: PendingChange, _ reason: Problem) {
        _ = queue.take { $0.order == item.order }
        act(.tell(key: item.key, id: item.id, .rejected(reason)))
    }

    /// What a refusal says about a change, and those round it. False if it says nothing: the same is sent again later.
    private mutating func judge(_ item: PendingChange, _ problem: Problem) -> Bool {
        switch problem.slug {
        case "application-deleted":
            for gone in queue.take(where: { $0.client == item.client && $0.number <= item.number }) {
                act(.tell(key: gone.key, id: gone.id, .rejected(problem)))
            }
        case "change-id-reused":
            // Somebody else has used this name, such as a copy of this client's storage.
            queue.rename(from: item)
            later()
        case "client-unknown":
            if let first = queue.items.first(where: { $0.client == item.client }), first.number == item.number {
                queue.rename(from: first)
            } else {
                // The end of the log was lost, with what stands before under other names, maybe: the order is that of all.
                queue.sendAgain { _ in true }
            }
            later()
        case "out-of-order":
            let expected = problem.integer("expected").map { UInt64(clamping: $0) } ?? .max
            let next = queue.items.first { $0.client == item.client && $0.number >= expected }
            if let next, next.number == expected {
                queue.sendAgain { $0.client == item.client && $0.number >= expected }
            } else {
                // The store has lost a number that was confirmed here: nothing under this name can go on.
                queue.rename(from: next ?? item)
            }
            later()
        default:
            // Of a token that allows other parts of the state only, the pointer says that it is about this change; one that allows no
            // change at all may be followed by another.
            let isStray = problem.slug == "forbidden" && problem.text("pointer") != nil
            guard isStray || Self.refusals.contains(problem.slug) else { return false }
            queue.remove(item)
            act(.tell(key: item.key, id: item.id, .refused(problem)))
        }
        return true
    }

    /// Everything after a pause.
    mutating func later(_ failing: Failing = Failing()) {
        pushFailures += 1
        pushProblem = failing.error
        set(.send, between: Pause.after(failures: pushFailures, retryAfter: failing.retryAfter))
    }
}

extension CisternError {
    /// The server's own words, if these are any.
    var problem: Problem? {
        switch self {
        case .refused(let problem): problem
        case .unreachable, .unexpectedAnswer, .invalidRequest, .cancelled: nil
        }
    }

    var slug: String? { problem?.slug }
}

extension Problem {
    func integer(_ name: String) -> Int? {
        guard let bytes = members[name]?.bytes else { return nil }
        return (try? Document(parsing: bytes))?.integerValue
    }

    /// Which element of a batch this is about.
    fileprivate var pointedIndex: Int? {
        text("pointer").flatMap { $0.split(separator: "/", omittingEmptySubsequences: false).dropFirst().first }
            .flatMap { Int($0) }
    }
}
