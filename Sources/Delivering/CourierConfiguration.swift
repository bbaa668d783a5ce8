package import Webhooks

/// What a courier is told, with the reason for each default.
package struct CourierConfiguration: Sendable {
    package var rules = AddressRules()
    /// Deliveries that are sent at the same time; some KiB each, and their payloads.
    package var deliveries = 256
    /// The same to one endpoint, so that a slow one leaves room for the others.
    package var deliveriesPerEndpoint = 8
    /// Between two looks at a partition of which nothing is heard.
    package var sweepInterval: Duration = .seconds(1)
    package var connectTimeout = WebhookLimits.connectTimeout
    package var attemptTimeout = WebhookLimits.attemptTimeout
    /// Longer than an attempt: who is not heard of until then has died.
    package var lease: Duration { attemptTimeout * 2 }

    package init() {}
}
