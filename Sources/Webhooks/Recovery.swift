// What is asked of a webhook besides its subscription.

package import Documents
package import Fold
import Operations

/// Sends what was missed.
package struct RecoverRequest: Sendable {
    package enum Scope: String, CaseIterable, Sendable {
        /// What did not arrive: skipped, dead, or never made.
        case missed
        /// What did arrive, too.
        case all
    }

    /// Milliseconds since 1970.
    package let since: UInt64
    package let until: UInt64
    package let scope: Scope

    /// - Parameter now: milliseconds since 1970.
    package init(_ document: Document, now: UInt64) throws(WebhookFault) {
        let (members, since, until, scope): (MemberReading, String?, String?, String?)
        do throws(OperationFault) {
            members = try MemberReading(document, knows: ["since", "until", "scope"])
            (since, until, scope) = (try members.text("since"), try members.text("until"), try members.text("scope"))
        } catch { throw WebhookFault(error) }
        guard let since else { throw WebhookFault(.invalid, "The member “since” is missing.", at: "") }
        self.since = try Self.time(since, "since")
        self.until = try until.map { text throws(WebhookFault) in try Self.time(text, "until") } ?? now
        guard self.since <= self.until else {
            throw WebhookFault(.invalid, "“since” is not after “until”.", at: "/since")
        }
        let oldest = now - min(now, UInt64(WebhookLimits.keeping.components.seconds) * 1_000)
        guard self.since >= oldest else {
            throw WebhookFault(.invalid, "Events are kept for 14 days; “since” is before that.", at: "/since")
        }
        guard let scope else {
            self.scope = .missed
            return
        }
        guard let known = Scope(rawValue: scope) else {
            throw WebhookFault(.invalid, "“scope” is missed or all.", at: "/scope")
        }
        self.scope = known
    }

    private static func time(_ text: String, _ name: String) throws(WebhookFault) -> UInt64 {
        guard let time = RFC3339.milliseconds(text) else {
            throw WebhookFault(.invalid, "“\(name)” is a time, as 2026-11-21T06:00:00Z.", at: "/\(name)")
        }
        return time
    }
}

/// A recovery is a long-running operation, which couriers work on. It belongs to an application of its own.
package enum RecoveryOperation {
    package static let application = name { () throws(InvalidIdentifier) in try ApplicationID("cistern~webhooks") }
    package static let kind = name { () throws(InvalidIdentifier) in try OperationKind("cistern.recover") }

    /// Couriers are told from each other by the tokens of their leases.
    package static let worker = name { () throws(InvalidIdentifier) in try WorkerID("courier") }

    /// Only for the names above.
    private static func name<Name>(_ make: () throws(InvalidIdentifier) -> Name) -> Name {
        do { return try make() } catch { preconditionFailure("\(error)") }
    }

    /// What is wanted, as the operation's request has it.
    package static func request(_ request: RecoverRequest, of webhook: HookName) -> Document {
        .object([
            ("kind", .string("\(kind)")), ("attempts", .integer(OperationLimits.usualAttempts)),
            (
                "input",
                .object([
                    ("webhook", .string("\(webhook)")), ("since", .integer(request.since)),
                    ("until", .integer(request.until)), ("scope", .string(request.scope.rawValue)),
                ])
            ),
        ])
    }

    /// Nil for what no route of ours has asked for.
    package static func read(
        _ input: Document
    ) -> (webhook: HookName, since: UInt64, until: UInt64, scope: RecoverRequest.Scope)? {
        guard let webhook = input["webhook"]?.stringValue.flatMap({ HookName($0) }),
            let since = input["since"]?.integerValue, let until = input["until"]?.integerValue, since >= 0, until >= 0,
            let scope = input["scope"]?.stringValue.flatMap({ RecoverRequest.Scope(rawValue: $0) })
        else { return nil }
        return (webhook, UInt64(since), UInt64(until), scope)
    }
}

/// Gives a webhook another secret.
package struct RotateRequest: Sendable {
    /// Nil for one that is made here.
    package let secret: WebhookSecret?
    /// Seconds.
    package let grace: Int

    package init(_ document: Document) throws(WebhookFault) {
        let (secret, grace): (String?, Int?)
        do throws(OperationFault) {
            let members = try MemberReading(document, knows: ["secret", "grace_s"])
            secret = try members.text("secret")
            grace = try members.integer("grace_s", in: WebhookLimits.graces)
        } catch { throw WebhookFault(error) }
        self.secret = try secret.map { text throws(WebhookFault) in try WebhookSecret(text) }
        self.grace = grace ?? WebhookLimits.usualGrace
    }
}
