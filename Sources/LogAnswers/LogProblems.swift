// What the log says, as problems: the same words for every role that asks it.

package import ChangeLog
import Documents
package import Fold
package import HTTPService

extension Problem {
    /// Why the log gave no answer.
    package init(_ error: LogError) {
        switch error {
        case .unavailable:
            self = Problem(
                .logUnavailable,
                "The log cannot be reached, or takes no changes, at the moment. Nothing was done; the same request may be sent again."
            ).retry(after: Self.retryDelay)
        case .outcomeUnknown where error.isShortOfReplicas:
            self = Problem(
                .logUnavailable,
                "This was done, but too few replicas of the log had it in time, so it may still be lost. The same request may be sent again."
            ).retry(after: Self.retryDelay)
        case .outcomeUnknown, .unsettled:
            self = Problem(
                .logUnavailable,
                "The log did not answer in time, so it is not known whether this was done. The same request may be sent again."
            ).retry(after: Self.retryDelay)
        case .otherFold:
            self = Problem(
                .logUnavailable,
                "The servers are being upgraded, and this one waits for the others. The same request may be sent again."
            ).retry(after: Self.retryDelay)
        case .failed, .damaged:
            self = Problem(.internalError, "The log answered with an error. The server's own log says which.")
        }
    }

    /// About what a Redis takes to come back after a restart; clients add jitter of their own.
    private static let retryDelay: Duration = .seconds(1)

    package static func unknownApp(_ application: ApplicationID) -> Problem {
        Problem(.unknownApp, "There is no application “\(application)”. The first change pushed to it creates it.")
    }
}

extension Rejection {
    /// The reason of a rejected change, as a problem document.
    package var problem: Problem {
        var problem = Problem(kind, sentence)
        if let operation { problem = problem.with("operation", operation) }
        if let pointer { problem = problem.with("pointer", pointer) }
        return problem
    }

    private var kind: ProblemKind {
        switch reason {
        case .preconditionFailed: .preconditionFailed
        case .stateTooLarge: .stateTooLarge
        case .testFailed: .testFailed
        case .pathNotFound: .pathNotFound
        case .notANumber: .notANumber
        case .notAnArray: .notAnArray
        case .numberOutOfRange: .numberOutOfRange
        case .tooDeep: .tooDeep
        case .tooMuchWork: .tooMuchWork
        case .unreadableEntry: .unreadableEntry
        }
    }

    private var sentence: String {
        let place = pointer.map { $0.isEmpty ? "the whole state" : "“\($0)”" } ?? "the state"
        return switch reason {
        case .preconditionFailed: "The state did not have the version that the change asked for when its turn came."
        case .stateTooLarge: "The state would have become larger than this store allows."
        case .testFailed: "The test of \(place) found another value."
        case .pathNotFound: "There is no \(place), or nothing to put it into."
        case .notANumber: "What stands at \(place) is not a number."
        case .notAnArray: "What stands at \(place) is not an array."
        case .numberOutOfRange: "The number at \(place) would have had more digits than are kept."
        case .tooDeep: "Arrays and objects would have been nested too deep at \(place)."
        case .tooMuchWork: "The patch would have looked at too many elements of the state."
        case .unreadableEntry: "What stands in the log at this position is no change."
        }
    }
}
