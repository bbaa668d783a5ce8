// Names of webhooks: the same bytes as an application's.

/// Names a webhook within its store.
package struct WebhookID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: some StringProtocol) throws(InvalidIdentifier) {
        description = try Identifier.checked(text, as: "webhook id")
    }
}
