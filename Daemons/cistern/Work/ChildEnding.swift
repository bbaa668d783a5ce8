// How a worker's command has ended, and what that means for its operation. Pure.

import CisternClient
import Subprocess

struct ChildEnding: Equatable {
    let status: TerminationStatus
    /// What it wrote to standard output.
    let output: [UInt8]
    /// What it said of itself.
    let error: String?
    /// The end of what else it wrote to standard error.
    let tail: [String]

    /// EX_DATAERR: the input is at fault, so no other attempt would do better.
    static let hopeless: Int32 = 65

    func result(mediaType: String) throws(WorkFailure) -> OperationResult {
        switch status {
        case .exited(0): return OperationResult(bytes: output, mediaType: mediaType)
        case .exited(let code):
            throw failure("exit-\(code)", "The command ended with status \(code).", isRetryable: code != Self.hopeless)
        case .signaled(let number):
            throw failure("signal-\(number)", "The command was ended by signal \(number).", isRetryable: true)
        }
    }

    private func failure(_ code: String, _ sentence: String, isRetryable: Bool) -> WorkFailure {
        let message = error ?? (tail.isEmpty ? sentence : tail.joined(separator: "\n"))
        return WorkFailure(code: code, message: message, isRetryable: isRetryable)
    }
}
