// Who sends a request, and what they may do. One object for all requests with the same token, so that giving it on costs nothing.

package import Documents
package import Fold
package import Grants
import HTTPTypes
package import NIOCore
package import RateLimits
import Synchronization

package final class Caller: Sendable {
    /// Nil as long as nobody has to say who they are.
    package let name: String?
    /// By which they are told from others where they come too often; nil as long as nobody has to say who they are.
    package let rateKey: RateKey?
    /// What they may do; nil: everything.
    private let grant: Grant?
    private let expires: NIODeadline
    /// Of the keys that the token was believed by.
    private let trust: Trust?

    /// - Parameter rateKey: By the name if absent.
    package init(name: String, rateKey: RateKey? = nil, grant: Grant, expires: NIODeadline, trust: Trust) {
        self.name = name
        self.rateKey = rateKey ?? RateKey(name)
        self.grant = grant
        self.expires = expires
        self.trust = trust
    }

    private init() { (name, rateKey, grant, expires, trust) = (nil, nil, nil, .distantFuture, nil) }

    package static let anonymous = Caller()

    /// Keys may be taken away; then nobody is trusted any more whom they were trusted by.
    package final class Trust: Sendable {
        private let hasEnded = Atomic(false)

        package init() {}

        package var isOver: Bool { hasEnded.load(ordering: .relaxed) }

        package func end() { hasEnded.store(true, ordering: .relaxed) }
    }

    /// Whether answers are for this caller alone, and so `Cache-Control: private`.
    package var isAuthenticated: Bool { name != nil }

    /// Whether the token is to be believed no longer.
    package func isOver(at now: NIODeadline) -> Bool { now >= expires || trust?.isOver ?? false }

    /// Throws if the token is to be believed no longer. For answers that come later than their request.
    package func stillThere() throws(Problem) {
        if isOver(at: .now()) { throw .tokenOver }
    }

    /// The time until the token expires, at most this.
    package func time(upTo limit: Duration) -> Duration {
        guard expires != .distantFuture else { return limit }
        return min(limit, max(.zero, .nanoseconds((expires - .now()).nanoseconds)))
    }

    // MARK: Questions

    /// Throws ``ProblemKind/forbidden`` if the caller may not.
    ///
    /// - Parameter application: What the action is about; nil: all applications, or none.
    package func authorize(_ action: Action, on application: ApplicationID?) throws(Problem) {
        guard let grant, let kind = action.kind else { return }
        guard let application else {
            guard kind == .metrics ? grant.allowsMetrics : grant.allows(kind, onAllBeginning: "") else {
                throw refusal(kind, "*")
            }
            return
        }
        guard grant.allows(kind, on: application) else { throw refusal(kind, "\(application)") }
    }

    /// The same for all applications whose ids begin alike.
    package func authorize(_ action: Action, onAllBeginning beginning: String) throws(Problem) {
        guard let grant, let kind = action.kind else { return }
        guard grant.allows(kind, onAllBeginning: beginning) else { throw refusal(kind, beginning + "*") }
    }

    /// Throws if the caller may do it to no application at all.
    package func authorizeSomewhere(_ action: Action) throws(Problem) {
        guard let grant, let kind = action.kind else { return }
        guard grant.scopes.contains(where: { $0.kind == kind }) else { throw refusal(kind, "*") }
    }

    private func refusal(_ kind: Scope.Kind, _ pattern: String) -> Problem {
        let scope = kind == .metrics ? kind.rawValue : "\(kind.rawValue):\(pattern)"
        return .insufficientScope(
            Self.inField(scope), "The token does not allow \(scope).")
    }

    /// The characters of a scope (RFC 6749 §3.3): a query may have brought others, which must not get into a header field.
    private static func inField(_ scope: String) -> String {
        String(
            String.UnicodeScalarView(
                scope.unicodeScalars.filter { (0x21...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" }))
    }

    /// Whether some poll of this caller's is of less than it says.
    package var hasPollParts: Bool { grant?.hasParts(.poll) ?? false }

    /// The part of a state that a poll is about.
    ///
    /// - Parameter asked: What it names; the root if it names nothing, which means the only part that the caller may see.
    package func part(_ asked: JSONPointer, of application: ApplicationID) throws(Problem) -> JSONPointer {
        guard let grant else { return asked }
        switch grant.reach(.poll, in: application).part(asked) {
        case .granted(let part): return part
        case .refused:
            throw .insufficientScope(
                "poll:\(application)", "The token does not allow to read “\(asked)” of “\(application)”."
            ).with("pointer", "\(asked)")
        case .ambiguous(let parts):
            throw .insufficientScope(
                "poll:\(application)", "The token allows several parts of “\(application)”; name one of them by “path”."
            ).with("paths", .array(parts.map { .string("\($0)") }))
        }
    }

    /// Throws if the change may reach places that are not the caller's.
    ///
    /// - Parameter place: Where the change is in the request, as a JSON Pointer.
    package func authorize(_ change: Change, to application: ApplicationID, at place: String = "") throws(Problem) {
        guard let grant, let stray = grant.reach(.push, in: application).stray(of: change) else { return }
        throw .insufficientScope(
            "push:\(application)",
            "The change reaches “\(stray.place)” of the state, outside of what the token allows."
        ).with("pointer", place + "\(stray.pointer)")
    }
}
