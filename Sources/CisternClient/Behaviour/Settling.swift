// What states confirm of the queue, and what became of the changes that are confirmed.

import Fold

/// A folded change whose outcome the server is asked for.
struct Question: Sendable {
    let id: String
    let key: String
    var position: PositionToken?
    var isAsked = false
}

extension ClientState {
    /// Until a question settles what is acknowledged and not confirmed. Streams say nothing of changes that were rejected.
    static let settleAfter: Duration = .seconds(1)
    /// Questions for outcomes that are under way at the same time: each is a request, and a small one.
    static let mostAsking = 16
    /// Outcomes that are asked for later. Beyond, a change counts as folded with an unknown outcome.
    static let mostQuestions = 1_000
    /// A question that was not answered waits as long as the fifth failure in a row would.
    private static let askAgainFailures = 5

    /// Sees to it that what is acknowledged is settled, also if nothing else happens. Short polls do that by themselves.
    mutating func settleSoon() {
        if delivery.way == .short || isSet(.settle) || queue.isSettled { return }
        set(.settle, between: Self.settleAfter...Self.settleAfter * 3 / 2)
    }

    /// Drops what the state at hand confirms, and takes back what it says was lost.
    mutating func settle() {
        guard let now = held.now else {
            if exists == false { takeBack(except: nil) }
            return
        }
        for item in queue.confirm(upTo: PositionToken(epoch: now.epoch, number: now.position)) { conclude(item) }
        takeBack(except: now.epoch)
        if queue.isSettled { cancel(.settle) }
    }

    private mutating func takeBack(except epoch: Epoch?) {
        // With a pause: the server of the pushes may be ahead of the one that is polled, and say the same again.
        if queue.voidReceipts(except: epoch) { later() }
    }

    /// A confirmed change was applied or rejected. Often the version says which; else the server is asked.
    private mutating func conclude(_ item: PendingChange) {
        let receipt = item.receipt
        let position = receipt?.isExact == true ? receipt?.position : nil
        if receipt?.isApplied == true || position != nil && position?.number == held.now?.version {
            return act(.tell(key: item.key, id: item.id, .applied(at: position)))
        }
        if questions.count >= Self.mostQuestions {
            return act(.tell(key: item.key, id: item.id, .unknown(at: position)))
        }
        questions.append(Question(id: item.id, key: item.key, position: position))
    }

    /// Asks for outcomes, some at a time. Not while changes are on their way: of a name the store remembers the last position only, so as long as
    /// that is not folded in, the server calls what precedes it pending, too.
    mutating func ask() {
        guard isOnline, !isSet(.ask), !queue.isUnderWay else { return }
        var asking = questions.count { $0.isAsked }
        for index in questions.indices where !questions[index].isAsked && asking < Self.mostAsking {
            asking += 1
            questions[index].isAsked = true
            act(.ask(id: questions[index].id))
        }
    }

    /// What became of a change.
    mutating func answered(_ id: String, _ outcome: AskedOutcome) {
        guard let index = questions.firstIndex(where: { $0.id == id }) else { return }
        let question = questions.remove(at: index)
        let told: ToldOutcome =
            switch outcome {
            case .applied: .applied(at: question.position)
            case .unknown: .unknown(at: question.position)
            case .rejected(let reason): .rejected(reason ?? Self.droppedProblem)
            case .dropped: .rejected(Self.droppedProblem)
            }
        act(.tell(key: question.key, id: id, told))
    }

    mutating func askFailed(_ id: String, _ failing: Failing) {
        if let index = questions.firstIndex(where: { $0.id == id }) { questions[index].isAsked = false }
        set(.ask, between: Pause.after(failures: Self.askAgainFailures, retryAfter: failing.retryAfter))
    }

    /// The time to settle has come: one question for a state that has everything acknowledged.
    mutating func askToSettle() {
        let epoch = held.now?.epoch ?? queue.items.lazy.compactMap { $0.receipt?.position.epoch }.first
        if let epoch, let position = queue.furthestReceipt(in: epoch) {
            act(.poll(.settle, have: held.have, atLeast: position))
        }
    }
}
