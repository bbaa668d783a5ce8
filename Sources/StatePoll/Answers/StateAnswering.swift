// What a poll is answered with, for the route and for the lane: what has to be waited for, what the client has already, and what it is
// sent instead.

import ChangeLog
import Fold
import HTTPService
import LogAnswers

struct StateAnswering: Sendable {
    let states: States

    /// How long a request waits for `at_least` if it does not say.
    private static let usualWait: Duration = .seconds(5)
    /// How long a request waits for the answer of Redis before it is answered from what is there.
    private static let lookTimeout: Duration = .seconds(2)

    // MARK: Answers

    /// The answer, waited for if the question says so.
    func answer(_ question: StateQuestion) async throws(Problem) -> StateAnswer {
        switch try await begin(question) {
        case .answer(let answer): return answer
        case .wait(let wait):
            let application = question.application
            let mayWait = states.beginFollowing([application])
            defer { if mayWait { states.endFollowing([application]) } }
            var answer: StateAnswer
            if mayWait {
                answer = try await states.keeping(application) { () throws(Problem) in try await finish(wait) }
            } else {
                answer = try wait.end(states.poll(application).whatIsServed)
            }
            answer.course = mayWait ? .waited : .refused
            return answer
        }
    }

    private func finish(_ wait: StateWait) async throws(Problem) -> StateAnswer {
        let application = wait.question.application
        var wait = wait
        var isOver = false
        while true {
            // Noted before the look at what is there, so that nothing falls between the two.
            let entry = states.poll(application)
            switch try await settle(wait, entry) {
            case .answer(let answer): return answer
            case .wait where isOver: return try wait.end(entry.whatIsServed)
            case .wait(let next): wait = next
            }
            isOver = await !states.change(of: application, since: entry.generation, until: wait.deadline)
        }
    }

    /// The same at once, where nobody has to look and nothing has to be worked out; else nil.
    func now(_ question: StateQuestion) throws(Problem) -> StateWait.Outcome? {
        guard question.atLeast == nil, !question.isFresh else { return nil }
        let entry = states.poll(question.application)
        guard let served = entry.served, !entry.isStale(at: .now),
            !(question.known.first?.isUnheardOf(beside: served) ?? false)
        else { return nil }
        return try settledNow(StateWait(question, since: .now), entry)
    }

    /// Answers, or says what there is to wait for. The order is part of the contract: `at_least` and `fresh` first, then
    /// `If-None-Match`, then the wait in the time that is left, then delta and coding.
    func begin(_ question: StateQuestion) async throws(Problem) -> StateWait.Outcome {
        let wait = StateWait(question, since: .now)
        return try await settle(wait, try await prepare(question))
    }

    /// What is known of the application once everything is there that the question asks for: never anything older than what the client
    /// has.
    func prepare(_ question: StateQuestion) async throws(Problem) -> StateTable.Entry {
        let application = question.application
        var entry = states.poll(application)
        if !entry.isKnown || entry.isStale(at: .now) { entry = await look(at: application) }
        if question.isFresh { entry = try await fold(application) }
        if let position = question.atLeast {
            entry = try await wait(for: position, of: application, entry, within: question.patience ?? Self.usualWait)
        }
        // That there was no such application a while ago says nothing to somebody who has a version of it.
        if let version = question.known.first, entry.served.map(version.isUnheardOf) ?? entry.isUnknown {
            entry = try await catchUp(with: version, of: application)
        }
        return entry
    }

    private func settle(_ wait: StateWait, _ entry: StateTable.Entry) async throws(Problem) -> StateWait.Outcome {
        if let outcome = try settledNow(wait, entry) { return outcome }
        guard let update = await entry.live.editions.update(wait.step) else { return .wait(wait) }
        return try wait.outcome(update)
    }

    /// Nil if something has to be worked out first.
    private func settledNow(_ wait: StateWait, _ entry: StateTable.Entry) throws(Problem) -> StateWait.Outcome? {
        guard let served = entry.served, !wait.question.known.contains(served.versionToken) else {
            return try wait.outcome(entry.whatIsServed)
        }
        switch entry.live.editions.ask(wait.step) {
        case .update(let update): return try wait.outcome(update)
        case .nothing, .later: return nil
        }
    }

    // MARK: Looking

    /// What is known after a look at Redis that begins now, or after `lookTimeout`.
    private func look(at application: ApplicationID) async -> StateTable.Entry {
        await look(at: application, folding: .nothing).entry
    }

    /// - Returns: with `isCurrent` false if the look has failed or takes too long.
    private func look(
        at application: ApplicationID, folding: Watcher.Folding
    ) async -> (entry: StateTable.Entry, isCurrent: Bool) {
        await states.keeping(application) {
            let ticket = states.askForLook(at: application, folding: folding)
            let deadline = ContinuousClock.now + Self.lookTimeout
            while true {
                let entry = states.poll(application)
                if entry.looksEnded >= ticket { return (entry, !entry.lastLookFailed) }
                guard await states.change(of: application, since: entry.generation, until: deadline) else {
                    return (states.poll(application), false)
                }
            }
        }
    }

    /// `fresh`: with everything folded in that is in the list now, or an error; an older state would not be what was asked for.
    private func fold(_ application: ApplicationID) async throws(Problem) -> StateTable.Entry {
        let (entry, isCurrent) = await look(at: application, folding: .everything)
        guard isCurrent else { throw .stateUnavailable }
        return entry
    }

    /// For a client that has met a server that knows more, or has come from another epoch: what it has already must not be followed
    /// by something older, so without Redis there is no answer.
    private func catchUp(with version: VersionToken, of application: ApplicationID) async throws(Problem)
        -> StateTable.Entry
    {
        let position = PositionToken(epoch: version.epoch, number: version.number)
        let (entry, isCurrent) = await look(at: application, folding: .upTo(position))
        guard isCurrent || entry.served.map({ !version.isUnheardOf(beside: $0) }) ?? false else {
            throw .stateUnavailable
        }
        return entry
    }

    /// `at_least`: with everything folded in up to a position.
    private func wait(
        for position: PositionToken, of application: ApplicationID, _ first: StateTable.Entry, within limit: Duration
    ) async throws(Problem) -> StateTable.Entry {
        if first.served.map({ $0.includes(position) }) ?? false { return first }
        let mayWait = states.waiting.take()
        defer { if mayWait { states.waiting.giveBack() } }
        let deadline = ContinuousClock.now + (mayWait ? Waiting.hurried(limit) : .zero)
        return try await states.keeping(application) { () throws(Problem) in
            // One look at once, because this server may be behind; from then on hints and regular looks keep it current.
            var entry = await look(at: application)
            while true {
                if let served = entry.served, served.includes(position) { return entry }
                // Only what Redis has just said can contradict the client.
                if !entry.lastLookFailed {
                    if entry.isUnknown { throw Problem.unknownApp(application) }
                    if let served = entry.served, served.epoch != position.epoch {
                        throw Problem(
                            .epochChanged,
                            "The position belongs to another epoch of the application; its log began anew."
                        )
                        .with("position", served.positionToken.description)
                    }
                }
                guard await states.change(of: application, since: entry.generation, until: deadline) else {
                    let problem = Problem(.notYetMerged, "The position \(position) is not folded in yet.")
                        .retry(after: .seconds(1))
                    guard let served = entry.served else { throw problem }
                    throw problem.with("position", served.positionToken.description)
                }
                entry = states.poll(application)
            }
        }
    }
}

extension ServedState {
    fileprivate func includes(_ other: PositionToken) -> Bool { epoch == other.epoch && position >= other.number }
}

extension VersionToken {
    /// Whether a client that has this version knows something that a server serving `served` does not.
    fileprivate func isUnheardOf(beside served: ServedState) -> Bool {
        epoch != served.epoch || number > served.version
    }
}
