// How often the requests of one client, and those about one application, may come.

package import RateLimits

package struct RateConfiguration: Equatable, Sendable {
    /// Of one client: whoever has a token, else an address.
    package var clientPushes: RateLimit?
    package var clientPolls: RateLimit?
    /// Of one application, whoever they come from.
    package var applicationPushes: RateLimit?
    package var applicationPolls: RateLimit?
    /// Applications that one client may begin to push to.
    package var newApplications: RateLimit?

    package init() {}

    var isEmpty: Bool { self == RateConfiguration() }
}

/// What a limit counts. A batch is as many pushes as it has changes, a poll of many states as many polls as applications.
package enum RatedWork: Sendable {
    /// A change, or a word about who is here.
    case push
    /// A question: about a state, who is here, or what became of a change. A stream, a socket or a wait is one.
    case poll
}

extension Action {
    /// What its requests count as, unless a route says otherwise. Who administers is not held up.
    package var ratedWork: RatedWork? {
        switch self {
        case .push: .push
        case .poll: .poll
        case .operate, .administer, .metrics, .open: nil
        }
    }
}
