// The last versions of one application, and what was worked out of them: each delta once per pair of versions, each part and each
// gzip coding once per version, however many ask.
//
// Asking is quick and for event loops. What is not there yet is worked out elsewhere, one thing after the other, and whoever asked is
// called when it is there.

import Fold
import NIOCore
import Synchronization

final class Editions: Sendable {
    struct Limits: Sendable {
        /// Versions that deltas start from. A client that polls every 250 ms is never further behind than the changes of a quarter of
        /// a second; one that comes back after a nap is.
        var versions = 64
        /// Bytes of all of them, the newest not counted. One that is larger alone is not kept.
        var bytes = 1 << 20
        /// Bytes of parts and deltas that were worked out for the newest version.
        var workedOutBytes = 1 << 20
        /// Steps that were worked out for the newest version. Beyond, a step is worked out again for the next who asks.
        var steps = 1_024
    }

    typealias Reply = @Sendable (Update?) -> Void

    fileprivate struct Shared {
        /// Oldest first, of one epoch. The last is the newest version, which is `served`.
        var history: [Edition] = []
        var historyBytes = 0
        var served: ServedState?
        /// Towards the newest version.
        var known: [Step: Update.Change] = [:]
        var knownBytes = 0
        /// What is asked for and not worked out yet, with who asked.
        var asked: [Step: [Reply]] = [:]
        var isWorking = false
    }

    private let limits: Limits
    private let shared = Mutex(Shared())

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    // MARK: Versions

    /// Notes what is served from now on; nil: the application is gone.
    func add(_ served: ServedState?) {
        shared.withLock { shared in
            defer { shared.served = served }
            guard let served else { return shared.clear() }
            if let newest = shared.history.last {
                if newest.version == served.versionToken { return }
                if newest.version.epoch != served.epoch { shared.clear() }
            }
            shared.append(Edition(served.versionToken, served.content), limits)
        }
    }

    /// Lets go of all but the newest version. Somebody who has an earlier one gets the full state next.
    func forget() {
        shared.withLock { shared in
            shared.forgetKnown()
            shared.trim(to: Limits(versions: 0, bytes: 0))
        }
    }

    /// Bytes that are kept beside the newest state.
    var bytes: Int { shared.withLock { $0.historyBytes + $0.knownBytes } }

    // MARK: Steps

    enum Answer {
        case update(Update)
        /// Nothing is served.
        case nothing
        /// Has to be worked out first.
        case later
    }

    func ask(_ step: Step) -> Answer { shared.withLock { $0.answer(step) } }

    /// Works a step out.
    ///
    /// - Parameter reply: is called once, from anywhere: with an update to a version that was the newest when the work began, or nil if
    ///   nothing is served any more.
    func workOut(_ step: Step, reply: @escaping Reply) {
        let answer = shared.withLock { shared -> Answer in
            let answer = shared.answer(step)
            guard case .later = answer else { return answer }
            shared.asked[step, default: []].append(reply)
            if !shared.isWorking {
                shared.isWorking = true
                Task { self.work() }
            }
            return .later
        }
        switch answer {
        case .update(let update): reply(update)
        case .nothing: reply(nil)
        case .later: break
        }
    }

    /// The same for those who can wait.
    func update(_ step: Step) async -> Update? {
        if case .update(let update) = ask(step) { return update }
        return await withCheckedContinuation { continuation in
            workOut(step) { continuation.resume(returning: $0) }
        }
    }

    /// Works out what is asked for until nothing is.
    private func work() {
        while let job = shared.withLock({ $0.nextJob() }) {
            let change = job.work()
            if let change, job.step.coding == .gzip, case .full(let content) = change { content.compress() }
            let replies = shared.withLock { $0.finish(job, change, limits) }
            let update = change.flatMap { change in job.to.map { Update(to: $0, change: change) } }
            for reply in replies { reply(update) }
        }
    }

    fileprivate struct Job {
        let step: Step
        let to: ServedState?
        let old: Edition?
        let new: Edition?
        /// What was worked out already, but for the coding.
        let known: Update.Change?

        /// Nil if nothing is served.
        func work() -> Update.Change? { known ?? new.map { Update.Change(from: old, to: $0, in: step.view) } }
    }
}

extension Editions.Shared {
    fileprivate mutating func clear() {
        history = []
        historyBytes = 0
        forgetKnown()
    }

    fileprivate mutating func forgetKnown() {
        known = [:]
        knownBytes = 0
    }

    fileprivate mutating func append(_ edition: Edition, _ limits: Editions.Limits) {
        forgetKnown()
        // The trees of the last two are those that the next delta is made of.
        for older in history.dropLast() { older.forgetTree() }
        history.append(edition)
        trim(to: limits)
    }

    fileprivate mutating func trim(to limits: Editions.Limits) {
        historyBytes = history.dropLast().reduce(0) { $0 + $1.bytes }
        while history.count > 1, history.count - 1 > limits.versions || historyBytes > limits.bytes {
            historyBytes -= history.removeFirst().bytes
        }
    }

    fileprivate func answer(_ step: Step) -> Editions.Answer {
        guard let served, let newest = history.last else { return .nothing }
        if step.have == served.versionToken { return .update(Update(to: served, change: .nothing)) }
        let change: Update.Change
        if step.view == View() || (step.view.path.isWhole && base(of: step) == nil) {
            change = .full(newest.content)
        } else if let found = known[step] ?? known[step.plain] {
            change = found
        } else {
            return .later
        }
        if case .full(let content) = change, !content.isReady(for: step.coding) { return .later }
        return .update(Update(to: served, change: change))
    }

    private func base(of step: Step) -> Edition? { history.last { $0.version == step.have } }

    fileprivate mutating func nextJob() -> Editions.Job? {
        guard let step = asked.keys.first else {
            isWorking = false
            return nil
        }
        return Editions.Job(
            step: step, to: served, old: base(of: step), new: history.last, known: known[step.plain])
    }

    fileprivate mutating func finish(
        _ job: Editions.Job, _ change: Update.Change?, _ limits: Editions.Limits
    ) -> [Editions.Reply] {
        if let change, history.last === job.new, known.count < limits.steps,
            knownBytes + change.bytes <= limits.workedOutBytes
        {
            known[job.step.plain] = change
            knownBytes += change.bytes
        }
        return asked.removeValue(forKey: job.step) ?? []
    }
}

extension Step {
    /// The same without a coding, which belongs to the content that the step leads to.
    fileprivate var plain: Step { Step(have: have, view: view) }
}
