// `cistern push APP -`: each line of standard input a change, in order, for as long as there are lines.

import CisternClient
import Synchronization
import UnixSignals

struct LinePush: Sendable {
    /// Lines that are handed over before it is waited for what became of them. As many outcomes as a client asks for, and all together: it asks when
    /// nothing is on its way, so a line now and then would keep it from that.
    private static let mostOpen = 1_000
    /// How often it is looked whether something moves.
    private static let lookInterval: Duration = .milliseconds(100)

    let app: String
    let kind: Change.Kind
    /// The file that keeps what is not sent.
    let keep: String?
    /// How long nothing may move.
    let patience: Duration

    private enum End: Sendable {
        case done
        /// A line that cannot be read is the last one.
        case badLine(Failure)
        case signal
        case noAnswer(CisternError)
    }

    func run(_ client: CisternClient) async throws {
        let storage: any Storage = keep.map { FileStorage(path: $0) } ?? MemoryStorage()
        let application = try client.open(app, storage: storage)
        let tally = TallyBox()
        let end: Result<End, any Error>
        do {
            try await takeUp(application)
            end = .success(try await first(application, tally))
        } catch {
            end = .failure(error)
        }
        await application.close()
        await client.shutdown()
        try report(try end.get(), tally.value)
    }

    /// Waits until the file was read, which may not be possible.
    private func takeUp(_ application: LiveApplication) async throws {
        guard let keep else { return }
        for await state in application.states {
            if let problem = application.status.storageProblem {
                throw Failure(
                    .failed, "Changes cannot be kept: \(problem).", advice: "Choose another file with --keep.")
            }
            if state.pendingCount > 0 {
                let count = Wording.plural(state.pendingCount, "change")
                Terminal.error.print("\(keep) has \(count) from before, which go first.")
            }
            return
        }
    }

    /// What ends it: all is done, a signal, or that there is no server.
    private func first(_ application: LiveApplication, _ tally: TallyBox) async throws -> End {
        try await withThrowingTaskGroup(of: End.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let end = await push(to: application, tally)
                for await status in application.statuses where status.pendingCount == 0 { break }
                return end
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
                return .signal
            }
            group.addTask { await runOut(of: patience, application, tally) }
            return try await group.next() ?? .done
        }
    }

    /// Hands over one line after the other and waits until all is known about them.
    private func push(to application: LiveApplication, _ tally: TallyBox) async -> End {
        var input = StandardInput()
        return await withTaskGroup(of: Void.self) { group in
            var end = End.done
            var open = 0
            do {
                while let (number, line) = try await input.next() {
                    if open >= Self.mostOpen {
                        await group.waitForAll()
                        open = 0
                    }
                    let queued = try enqueue(line, number, in: application)
                    tally.update { $0.begin(number) }
                    group.addTask {
                        do throws(ChangeFailure) {
                            let folded = try await queued.folded()
                            tally.update { $0.end(number, .success(folded)) }
                        } catch {
                            tally.update { $0.end(number, .failure(error)) }
                        }
                    }
                    open += 1
                }
            } catch {
                end = .badLine(error as? Failure ?? Failure(.failed, "Standard input cannot be read: \(error)"))
            }
            await group.waitForAll()
            return end
        }
    }

    private func enqueue(
        _ line: ArraySlice<UInt8>, _ number: Int, in application: LiveApplication
    ) throws(Failure) -> QueuedChange {
        do { return try application.enqueue(Edit(kind, JSONText(bytes: Array(line)))) } catch {
            throw Failure(
                .data, "Line \(number) is no change. \(error)",
                advice: "Nothing after it was read. Each line is one patch, as “jq -c” writes it.")
        }
    }

    /// Returns when for so long there was a problem and nothing moved.
    private func runOut(of patience: Duration, _ application: LiveApplication, _ tally: TallyBox) async -> End {
        var last = (done: 0, pending: 0)
        var since = ContinuousClock.now
        while !Task.isCancelled {
            let status = application.status
            let now = (done: tally.value.done, pending: status.pendingCount)
            if status.problem == nil || now.done != last.done || now.pending < last.pending { since = .now }
            last = now
            if let problem = status.problem, .now - since >= patience { return .noAnswer(problem) }
            try? await Task.sleep(for: Self.lookInterval)
        }
        return .signal
    }

    private func report(_ end: End, _ tally: PushTally) throws {
        if let receipt = tally.receipt { Terminal.output.print(receipt.description) }
        for (line, reason) in tally.reasons { Terminal.error.print("Line \(line) \(reason)") }
        let told = [tally.summary, tally.remainder(keptIn: keep)].compactMap { $0 }.joined(separator: " ")
        switch end {
        case .done:
            Terminal.error.print(told)
            if tally.hasFailures { throw Failure(.failed, "Not every change is in the state of “\(app)”.") }
        case .badLine(let failure):
            Terminal.error.print(told)
            throw failure
        case .signal: throw Failure(.failed, "Stopped. \(told) Nothing after that was read.")
        case .noAnswer(let error):
            Terminal.error.print(told)
            throw Failure(error)
        }
    }
}

/// A tally that many write to.
private final class TallyBox: Sendable {
    private let tally = Mutex(PushTally())

    var value: PushTally { tally.withLock { $0 } }
    func update(_ body: (inout PushTally) -> Void) { tally.withLock { body(&$0) } }
}
