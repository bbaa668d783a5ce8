package import Redis

/// Why the log gave no answer. What it answers — a change refused, an application unknown — is never an error.
package enum LogError: Error, Sendable, Equatable {
    /// Redis was not reached, or takes no writes at the moment; nothing was done.
    case unavailable(RedisError)
    /// Redis was reached, but its answer did not come: what was asked for may have been done. Every operation of the log may be
    /// repeated as it is.
    case outcomeUnknown(RedisError)
    /// Redis refused, or answered what no script of ours answers.
    case failed(RedisError)
    /// The keys of an application contradict each other: somebody else wrote to them.
    case damaged(application: String, String)
    /// The states of this partition are folded by another version of the program: a newer one has taken it over, or an older one has it still.
    case otherFold(Int, own: Int)
    /// The Redis life changed again and again while this was tried.
    case unsettled(attempts: Int)
}

extension LogError {
    /// It was done, and fewer replicas than were asked for had it in time.
    package var isShortOfReplicas: Bool {
        if case .outcomeUnknown(.tooFewReplicas) = self { true } else { false }
    }

    package init(_ error: RedisError) {
        switch error.outcome {
        case .notSent: self = .unavailable(error)
        case .unknown: self = .outcomeUnknown(error)
        case .answered:
            switch error {
            case .notPrimary, .authenticationFailed: self = .unavailable(error)
            case .refused(let reply, _) where Self.passingRefusals.contains(reply.code): self = .unavailable(error)
            default: self = .failed(error)
            }
        }
    }

    /// Its memory is full, its disk is full, its replicas are missing, or somebody's script does not end. Redis says so before a script
    /// has written anything.
    private static let passingRefusals: Set<Substring> = ["OOM", "MISCONF", "NOREPLICAS", "BUSY"]
}

extension LogError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unavailable(let error), .failed(let error): error.description
        case .outcomeUnknown(let error): "\(error) It may be sent again as it is."
        case .damaged(let application, let what):
            "The keys of the application \(application) in Redis contradict each other: \(what). "
                + "They must be changed by Cistern only; restore them from a backup, or delete the application."
        case .otherFold(let version, let own):
            "This partition is folded by version \(version), this program folds by version \(own). "
                + "An upgrade is under way: end it, so that all daemons are of the newer release."
        case .unsettled(let attempts):
            "Redis changed its life (restart or promotion) during each of \(attempts) attempts. Look at its log."
        }
    }
}
