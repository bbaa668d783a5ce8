// Who a request comes from: the token in it, and who believes it. What the sender may do is a question to the `Caller`.

import Grants
import HTTPTypes

/// What a route does, in the terms in which permission is given. Every route names one.
package enum Action: String, CaseIterable, Sendable {
    /// Sends changes, and asks what became of them.
    case push
    /// Reads states.
    case poll
    /// Starts and steers long-running operations.
    case operate
    /// Lists and deletes applications, reads their logs.
    case administer
    /// Reads the metrics.
    case metrics
    /// Health and explanations: nothing in it belongs to anybody.
    case open

    /// Nil for what nobody needs a grant for.
    var kind: Scope.Kind? {
        switch self {
        case .push: .push
        case .poll: .poll
        case .operate: .operate
        case .administer: .admin
        case .metrics: .metrics
        case .open: nil
        }
    }
}

/// Believes tokens, or does not.
package protocol Permission: Sendable {
    /// Whether nobody is ever refused, so that nobody needs to be asked.
    var everybodyMay: Bool { get }

    /// Who the bearer of a token is; throws ``ProblemKind/unauthenticated``. May take some tenth of a millisecond, so what it
    /// says is remembered until the caller is over.
    func caller(bearing token: [UInt8]) throws(Problem) -> Caller
}

extension Permission {
    package var everybodyMay: Bool { false }
}

/// Everybody may do everything. For servers that only their owner can reach, which is why daemons bind to loopback.
package struct EverybodyMay: Permission {
    package init() {}

    package var everybodyMay: Bool { true }

    package func caller(bearing token: [UInt8]) throws(Problem) -> Caller { .anonymous }
}

extension Problem {
    /// No token (RFC 6750 §3: then without an error code).
    package static var tokenMissing: Problem {
        Problem(
            .unauthenticated, "The request has no token. It takes “Authorization: Bearer” and a token or an API key."
        )
        .with(header: .wwwAuthenticate, "Bearer realm=\"\(realm)\"")
    }

    /// A token that is not believed (RFC 6750 §3.1).
    ///
    /// - Parameter reason: A sentence for the body; what a token says cannot stand in a header field unchecked.
    package static func invalidToken(_ reason: String) -> Problem {
        Problem(.unauthenticated, reason)
            .with(header: .wwwAuthenticate, "Bearer realm=\"\(realm)\", error=\"invalid_token\"")
    }

    /// A token that is believed and does not allow this.
    static func insufficientScope(_ wanted: String, _ detail: String) -> Problem {
        Problem(.forbidden, detail).with("scope", wanted)
            .with(
                header: .wwwAuthenticate, "Bearer realm=\"\(realm)\", error=\"insufficient_scope\", scope=\"\(wanted)\""
            )
    }

    /// The time of a token is over, or its key was taken away.
    package static var tokenOver: Problem {
        invalidToken("The token has expired, or its key is not trusted any more.")
    }

    private static let realm = "cistern"
}
