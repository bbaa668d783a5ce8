// Pushing a trace: each change acknowledged before the next goes out, polls all along, and at the end a look at what became of everything.
//
// If the application's epoch changes in between, its log has lost its end, and what was lost is not known here. So the trace is pushed again from
// its beginning: a change that survived is recognised as a repeat, one that did not is appended again, in the same order. A change is applied
// exactly once either way.

import CisternClient
import Documents

struct Replay: Sendable {
    /// How long to wait until the last change is folded in.
    static let mergeWait: Duration = .seconds(60)
    /// How often a trace is begun again because the epoch changed; a store that changes more often has other troubles.
    static let maximumPasses = 8
    /// Changes in a request of the second look, which sends no new ones.
    static let lookBatch = 500

    let application: Application
    let trace: TraceFile
    let batchSize: Int
    let total: Int

    struct Result: Sendable {
        var new = 0
        var repeats = 0
        var passes = 0
        /// While changes were pushed and merged.
        var elapsed: Duration = .zero
        var outcomes = Outcomes()
        var final: State
        var polls = PollCheck()
    }

    struct Outcomes: Sendable, Equatable {
        var applied = 0
        var rejected = 0
        var pending = 0
        var dropped = 0
        /// A few of the reasons, with the changes' ids.
        var reasons: [String] = []

        mutating func add(_ acknowledgement: Acknowledgement) {
            switch acknowledgement.outcome {
            case .applied: applied += 1
            case .pending: pending += 1
            case .dropped: dropped += 1
            case .rejected(let reason):
                rejected += 1
                if reasons.count < 5 { reasons.append("\(acknowledgement.id): \(reason)") }
            }
        }
    }

    func run() async throws -> Result {
        let poller = Task { try await poll() }
        defer { poller.cancel() }
        var result = try await pushAll()
        result.outcomes = try await look()
        poller.cancel()
        result.polls = try await poller.value
        return result
    }

    // MARK: Pushing

    private func pushAll() async throws -> Result {
        let start = ContinuousClock.now
        var new = 0
        var repeats = 0
        for pass in 1...Self.maximumPasses {
            var progress = Progress(name: application.id, total: total)
            var done = 0
            var epochs: Set<String> = []
            var last: Position?
            try await inBatches(of: batchSize) { batch in
                for acknowledgement in try await push(batch) {
                    if acknowledgement.isNew == true { new += 1 } else if pass == 1 { repeats += 1 }
                    epochs.insert(acknowledgement.position.epoch)
                    last = acknowledgement.position
                }
                done += batch.count
                progress.show(done)
            }
            progress.finish(done)
            guard let last else { break }
            if epochs.count == 1, let final = try await merged(last) {
                return Result(new: new, repeats: repeats, passes: pass, elapsed: .now - start, final: final)
            }
            Terminal.error.print(
                "The epoch of “\(application.id)” has changed; pushing the trace again, which repeats what is there.")
        }
        throw Failure(
            .failed,
            "The epoch of “\(application.id)” has changed again and again; gave up after \(Self.maximumPasses) times.",
            advice: "Look into the log of Redis: it restarts or fails over.")
    }

    private func push(_ batch: [Change]) async throws -> [Acknowledgement] {
        if batch.count == 1, let change = batch.first { return [try await application.push(change)] }
        return try await application.push(batch)
    }

    /// The state with everything folded in up to a position; nil if its epoch is gone.
    private func merged(_ position: Position) async throws -> State? {
        do {
            return try await application.state(atLeast: position, wait: Self.mergeWait)
        } catch {
            if case .refused(let problem) = error, problem.slug == "epoch-changed" || problem.slug == "unknown-app" {
                return nil
            }
            throw error
        }
    }

    /// Sends everything once more, which changes nothing: each answer says what became of the change.
    private func look() async throws -> Outcomes {
        var outcomes = Outcomes()
        try await inBatches(of: Self.lookBatch) { batch in
            for acknowledgement in try await application.push(batch) {
                if acknowledgement.isNew != false {
                    throw Failure(
                        .failed,
                        "“\(acknowledgement.id)” was acknowledged, and then the server did not know it any more.")
                }
                outcomes.add(acknowledgement)
            }
        }
        return outcomes
    }

    private func inBatches(of size: Int, _ body: ([Change]) async throws -> Void) async throws {
        var batching = Batching(size: size)
        try await trace.inPieces { changes in
            for change in changes {
                if let batch = batching.add(change) { try await body(batch) }
            }
        }
        let rest = batching.finish()
        if !rest.isEmpty { try await body(rest) }
    }

    // MARK: Polling

    /// Until it is cancelled. A server that is away for a while is no fault here; what it says when it is there has to be right.
    private func poll() async throws -> PollCheck {
        var check = PollCheck()
        while !Task.isCancelled, check.violation == nil {
            let start = ContinuousClock.now
            var next: Duration = .milliseconds(250)
            do {
                let poll = try await application.poll(after: check.known, retry: .once)
                next = poll.next
                switch poll {
                case .state(let state): check.observe(state)
                case .unchanged(let position, _): check.observeUnchanged(at: position)
                case .unknown: break
                }
            } catch {
                switch error {
                case .cancelled, .unreachable: break
                case .refused(let problem) where problem.status == 429 || problem.status >= 500: break
                case .refused, .unexpectedAnswer, .invalidRequest: throw error
                }
            }
            try? await Task.sleep(until: start + next, clock: .continuous)
        }
        return check
    }
}
