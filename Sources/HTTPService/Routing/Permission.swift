// The one place where a request is asked whether it may do what it wants.

package import Fold
package import HTTPTypes

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
}

/// Who sends a request, as far as is known.
package struct Caller: Sendable, Equatable {
    /// Nil as long as nobody has to say who they are.
    package let name: String?

    package init(name: String?) { self.name = name }

    package static let anonymous = Caller(name: nil)

    /// Whether answers are for this caller alone, and so `Cache-Control: private`.
    package var isAuthenticated: Bool { name != nil }
}

package protocol Permission: Sendable {
    /// Whether nobody is ever refused, so that nobody needs to be asked.
    var everybodyMay: Bool { get }

    /// Lets the action happen by returning, or refuses it with ``ProblemKind/forbidden``.
    ///
    /// - Parameter application: What the action is about; nil if it is about no single application. A route about several asks
    ///   again for each, by ``Call/authorize(_:)``.
    func authorize(_ action: Action, on application: ApplicationID?, request: HTTPRequest) async throws(Problem)
        -> Caller
}

extension Permission {
    package var everybodyMay: Bool { false }
}

/// Everybody may do everything. For servers that only their owner can reach, which is why daemons bind to loopback.
package struct EverybodyMay: Permission {
    package init() {}

    package var everybodyMay: Bool { true }

    package func authorize(
        _ action: Action, on application: ApplicationID?, request: HTTPRequest
    ) async throws(Problem) -> Caller { .anonymous }
}
