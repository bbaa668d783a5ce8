// A webhook as it is kept: what was asked for, its secrets, and how it is.

package import Documents
package import Fold

package struct Webhook: Sendable {
    package enum Status: Hashable, Sendable {
        case enabled
        case disabled(Reason, since: UInt64)
    }

    package enum Reason: String, Sendable {
        /// Somebody said so.
        case asked
        /// It answered 410.
        case gone
        /// Nothing arrived for too long.
        case failing
    }

    package let id: WebhookID
    /// Another one for each webhook that ever had this id.
    package let creation: String
    package let subscription: Subscription
    package let secrets: SecretRing
    package let status: Status
    /// Milliseconds since 1970, by the clock of Redis; so are all times.
    package let created: UInt64
    package let updated: UInt64
    package let revision: UInt64
    /// Since when nothing has arrived; nil if the last attempt did.
    package let failingSince: UInt64?
    /// It was disabled by itself, and nobody has been told.
    package let isToBeTold: Bool

    package init(
        id: WebhookID, creation: String, subscription: Subscription, secrets: SecretRing, status: Status,
        created: UInt64, updated: UInt64, revision: UInt64, failingSince: UInt64?, isToBeTold: Bool
    ) {
        self.id = id
        self.creation = creation
        self.subscription = subscription
        self.secrets = secrets
        self.status = status
        self.created = created
        self.updated = updated
        self.revision = revision
        self.failingSince = failingSince
        self.isToBeTold = isToBeTold
    }

    package var name: HookName { HookName(id: id, creation: creation) }

    package var isEnabled: Bool {
        switch status {
        case .enabled: true
        case .disabled: false
        }
    }

    /// A strong tag: creations differ, and revisions are counted.
    package var etag: String { "\"\(creation)-\(revision)\"" }

    package var path: String { "/v1/webhooks/\(id)" }

    /// - Parameter secret: shown once.
    package func document(secret: WebhookSecret? = nil) -> Document {
        var members = subscription.document.members.map { ($0.name, $0.value) }
        members += [
            ("id", .string("\(id)")), ("created_at", .string(RFC3339.string(milliseconds: created))),
            ("updated_at", .string(RFC3339.string(milliseconds: updated))),
            ("old_secrets", .integer(secrets.old.count)),
        ]
        switch status {
        case .enabled: members.append(("status", .string("enabled")))
        case .disabled(let reason, let since):
            members.append(("status", .string("disabled")))
            members.append(
                (
                    "disabled",
                    .object([
                        ("reason", .string(reason.rawValue)), ("since", .string(RFC3339.string(milliseconds: since))),
                    ])
                ))
        }
        if let failingSince { members.append(("failing_since", .string(RFC3339.string(milliseconds: failingSince)))) }
        if let secret { members.append(("secret", .string(secret.text))) }
        return .object(members)
    }
}

/// By which the partitions know a webhook: one that has the id of another, later, is not taken for it.
package struct HookName: Hashable, Sendable, CustomStringConvertible {
    package let id: WebhookID
    package let creation: String

    package init(id: WebhookID, creation: String) {
        self.id = id
        self.creation = creation
    }

    package var description: String { "\(id)~\(creation)" }

    /// A creation has no “~”.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard let mark = text.lastIndex(of: "~"), let id = try? WebhookID(text[..<mark]) else { return nil }
        self.init(id: id, creation: String(text[text.index(after: mark)...]))
    }
}
