/// What webhooks can be told of. The raw value is the `type` of what they get.
package enum EventType: String, CaseIterable, Sendable {
    /// A state has a new version; only the last one of several is told.
    case stateChanged = "state.changed"
    /// A change was accepted, and the fold could not apply it.
    case changeRejected = "change.rejected"
    case operationSucceeded = "operation.succeeded"
    case operationFailed = "operation.failed"
    case operationCancelled = "operation.cancelled"
    case operationDead = "operation.dead"
    /// An endpoint answered 410, or failed for too long.
    case webhookDisabled = "webhook.disabled"
    /// A delivery has failed several times, and is tried further.
    case deliveryFailing = "delivery.failing"
    /// One that was told to be failing has arrived.
    case deliveryRecovered = "delivery.recovered"
    /// A delivery is given up.
    case deliveryDead = "delivery.dead"
    /// Asked for by hand, for one webhook; nobody subscribes to it.
    case webhookTest = "webhook.test"

    /// Those that a webhook may ask for.
    package static let subscribable = allCases.filter { $0 != .webhookTest }
}
