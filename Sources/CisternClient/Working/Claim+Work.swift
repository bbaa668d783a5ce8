// Work on a claim from its begin to its end, whatever happens meanwhile.

/// How the work on a claim has ended.
public enum WorkEnding: Sendable, Hashable {
    case finished
    case failed(WorkFailure, FailedAttempt)
    /// Nobody wanted it any more.
    case cancelled
    /// Somebody else is to do it, because this worker stops.
    case givenBack
    /// Somebody else may have it: nothing was said.
    case lost
    /// The end could not be told before the lease was over.
    case untold(CisternError)
}

extension Claim {
    /// Does the work and says how it ended.
    ///
    /// The task of the work is cancelled when nobody wants it any more, when the lease is lost, and when this task is cancelled. A result counts all the same, except
    /// after a lost lease. What is thrown ends the attempt: a ``WorkFailure`` as it says, anything else as a failure that may pass; after a
    /// cancellation the claim is given back.
    public func work(_ body: @escaping @Sendable (Claim) async throws -> OperationResult) async -> WorkEnding {
        let outcome = await withTaskGroup(of: Result<OperationResult, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await body(self)) } catch { return .failure(error) }
            }
            group.addTask {
                _ = await self.interruption()
                return nil
            }
            while let next = await group.next() {
                // Whichever comes first; the work is waited for in any case.
                group.cancelAll()
                if let next { return next }
            }
            return .failure(CancellationError())
        }
        if isLost { return .lost }
        do throws(CisternError) {
            switch outcome {
            case .success(let result): return try await finished(result)
            case .failure(let failure as WorkFailure): return .failed(failure, try await fail(failure))
            case .failure(let error):
                if isCancelRequested || Task.isCancelled || error is CancellationError {
                    try await giveBack()
                    return isCancelRequested ? .cancelled : .givenBack
                }
                let failure = WorkFailure(code: "error", message: "\(error)", isRetryable: true)
                return .failed(failure, try await fail(failure))
            }
        } catch {
            return isLost ? .lost : .untold(error)
        }
    }

    private func finished(_ result: OperationResult) async throws(CisternError) -> WorkEnding {
        do {
            try await finish(result)
            return .finished
        } catch {
            guard case .refused(let problem) = error, [400, 413, 415, 422].contains(problem.status) else { throw error }
            // No attempt will make it otherwise.
            let failure = WorkFailure(code: problem.slug, message: problem.description, isRetryable: false)
            return .failed(failure, try await fail(failure))
        }
    }
}
