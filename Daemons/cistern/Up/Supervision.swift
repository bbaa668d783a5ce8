// Runs a process for as long as some work takes. Nested, these give the order: what was started last is stopped first.

import Subprocess

/// Keeps a process running until told to stop.
struct Supervisor: Sendable {
    let process: ServerProcess
    let log: RunLog
    let stop = Latch()

    /// Returns after the process was stopped on request.
    ///
    /// - Throws: ``Failure`` if it ended by itself and is not to be started again.
    func run() async throws {
        var pauses = RestartPauses()
        while !stop.isOpen {
            let ending: Ending
            do { ending = try await process.run(log: log, stop: stop) } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure(.failed, "\(process.name) cannot be started (\(process.command.first ?? "")): \(error)")
            }
            if stop.isOpen { return }
            switch process.afterExit {
            case .restart where !ending.isHopeless:
                let pause = pauses.pause(afterLasting: ending.lasted)
                log.write(
                    "\(process.name) \(ending.description); starting it again in \(Wording.seconds(pause))",
                    from: "cistern",
                    isUrgent: true)
                await wait(pause)
            case .restart, .stopEverything:
                if case .exited(let code) = ending.status, let meaning = process.meanings[code] {
                    throw Failure(.failed, meaning)
                }
                throw Failure(
                    .failed, "\(process.name) \(ending.description), and nothing works without it.",
                    advice: "The lines of \(process.name) above say why.")
            }
        }
    }

    private func wait(_ pause: Duration) async {
        await withTaskGroup { group in
            group.addTask { try? await Task.sleep(for: pause) }
            group.addTask { await stop.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Starts a process, does the work, stops the process.
///
/// - Throws: what the work throws; or why the process ended, which cancels the work.
func withProcess<Value: Sendable>(
    _ process: ServerProcess, log: RunLog, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let supervisor = Supervisor(process: process, log: log)
    let ended = Latch()
    // A task of its own, so that cancellation from outside reaches the work first, and the process only by `stop`.
    let supervision = Task {
        defer { ended.open() }
        try await supervisor.run()
    }
    let result = await withTaskGroup(of: Result<Value, any Error>?.self) { group in
        group.addTask {
            do { return .success(try await work()) } catch { return .failure(error) }
        }
        group.addTask {
            await ended.wait()
            return nil
        }
        var result: Result<Value, any Error>?
        while let next = await group.next() {
            // Whichever ends first, the other has nothing to go on for; the work is waited for in any case.
            group.cancelAll()
            if let next { result = next }
        }
        return result
    }
    supervisor.stop.open()
    // If the process failed, that is why the work did.
    try await supervision.value
    guard let result else { throw Failure(.failed, "\(process.name) was stopped before its work was done.") }
    return try result.get()
}
