// What a poll is answered with: for the route, and for the lane where it cannot answer at once.

import ChangeLog
import Fold
import HTTPService
import LogAnswers

enum StateAnswer {
    case full(ServedState)
    /// The client has this version already.
    case notModified(ServedState)
}

/// What a poll asks for.
struct StateQuestion {
    let application: ApplicationID
    var known = KnownVersions.none
    /// With everything folded in up to here.
    var atLeast: PositionToken?
    /// With everything folded in that is in the list now.
    var isFresh = false
    /// How long it may take for `atLeast`.
    var patience: Duration?
}

struct StateAnswering: Sendable {
    let states: States

    /// How long a request waits for `at_least` if it does not say.
    private static let usualWait: Duration = .seconds(5)
    /// How long a request waits for the answer of Redis before it is answered from what is there.
    private static let lookTimeout: Duration = .seconds(2)

    /// The order is part of the contract: `at_least` and `fresh` first, then `If-None-Match`.
    func answer(_ question: StateQuestion) async throws(Problem) -> StateAnswer {
        let application = question.application
        var entry = states.poll(application)
        if !entry.isKnown || entry.isStale(at: .now) { entry = await look(at: application) }
        if question.isFresh { entry = try await fold(application) }
        if let position = question.atLeast {
            entry = try await wait(for: position, of: application, entry, within: question.patience ?? Self.usualWait)
        }
        if let version = question.known.first, let served = entry.served, version.isUnheardOf(beside: served) {
            entry = try await catchUp(with: version, of: application)
        }
        guard let served = entry.served else {
            // That there was no such application a while ago says nothing about now.
            if entry.isUnknown, !entry.lastLookFailed { throw Problem.unknownApp(application) }
            throw Self.unavailable
        }
        return question.known.contains(served.versionToken) ? .notModified(served) : .full(served)
    }

    private static var unavailable: Problem {
        Problem(.stateUnavailable, "The state is not known here, and the log cannot be reached at the moment.").retry(
            after: .seconds(1))
    }

    // MARK: Waiting

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
        guard isCurrent else { throw Self.unavailable }
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
            throw Self.unavailable
        }
        return entry
    }

    /// `at_least`: with everything folded in up to a position.
    private func wait(
        for position: PositionToken, of application: ApplicationID, _ first: StateTable.Entry, within limit: Duration
    ) async throws(Problem) -> StateTable.Entry {
        if first.served.map({ $0.includes(position) }) ?? false { return first }
        let deadline = ContinuousClock.now + Waiting.hurried(limit)
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
