// Every error that a client can be given, by its slug. ProblemTable.swift says what each means.

/// What went wrong, as the last part of a problem's `type`: `/problems/<slug>` (RFC 9457 §3.1.1).
///
/// Slugs are part of the contract: a client decides by them, so none is ever renamed.
package enum ProblemKind: String, CaseIterable, Sendable {
    // Of every route.
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case invalidParameter = "invalid-parameter"
    case internalError = "internal-error"
    case notReady = "not-ready"
    case unauthenticated
    case forbidden
    case overloaded
    case rateLimited = "rate-limited"
    case malformedRequest = "malformed-request"
    case headerTooLarge = "header-too-large"
    case requestTimeout = "request-timeout"
    // Of a change on its way in.
    case invalidID = "invalid-id"
    case malformedJSON = "malformed-json"
    case invalidPatch = "invalid-patch"
    case invalidPrecondition = "invalid-precondition"
    case changeIDReused = "change-id-reused"
    case changeTooOld = "change-too-old"
    case changeFromTheFuture = "change-from-the-future"
    case changeTooLarge = "change-too-large"
    case unsupportedChangeType = "unsupported-change-type"
    case backlogFull = "backlog-full"
    case repeatRecordsFull = "repeat-records-full"
    case logUnavailable = "log-unavailable"
    case outOfOrder = "out-of-order"
    case clientUnknown = "client-unknown"
    case applicationDeleted = "application-deleted"
    case invalidBatch = "invalid-batch"
    case batchTooLarge = "batch-too-large"
    case unknownChange = "unknown-change"
    // Of a state on its way out.
    case unknownApp = "unknown-app"
    case noSuchPath = "no-such-path"
    case notYetMerged = "not-yet-merged"
    case epochChanged = "epoch-changed"
    case stateUnavailable = "state-unavailable"
    // Of who is here.
    case presenceTooLarge = "presence-too-large"
    case presenceFull = "presence-full"
    case unsupportedPresenceType = "unsupported-presence-type"
    // Of a long-running operation.
    case invalidOperation = "invalid-operation"
    case operationTooLarge = "operation-too-large"
    case unsupportedOperationType = "unsupported-operation-type"
    case operationReserved = "operation-reserved"
    case operationMismatch = "operation-mismatch"
    case operationIDRetired = "operation-id-retired"
    case invalidIdempotencyKey = "invalid-idempotency-key"
    case idempotencyKeyReused = "idempotency-key-reused"
    case operationNotDead = "operation-not-dead"
    case rangeNotSatisfiable = "range-not-satisfiable"
    case operationsFull = "operations-full"
    case unknownOperation = "unknown-operation"
    case operationGone = "operation-gone"
    case resultNotReady = "result-not-ready"
    case operationFailed = "operation-failed"
    case leaseLost = "lease-lost"
    // Of a webhook and its deliveries.
    case invalidWebhook = "invalid-webhook"
    case urlForbidden = "url-forbidden"
    case webhookTooLarge = "webhook-too-large"
    case unsupportedWebhookType = "unsupported-webhook-type"
    case unknownWebhook = "unknown-webhook"
    case webhooksFull = "webhooks-full"
    case webhookDisabled = "webhook-disabled"
    case tooManySecrets = "too-many-secrets"
    case unknownDelivery = "unknown-delivery"
    case deliveryInFlight = "delivery-in-flight"
    case payloadExpired = "payload-expired"
    // Of a socket.
    case upgradeRequired = "upgrade-required"
    case invalidHandshake = "invalid-handshake"
    case invalidMessage = "invalid-message"
    // Reasons why an accepted change was rejected by the fold.
    case preconditionFailed = "precondition-failed"
    case stateTooLarge = "state-too-large"
    case testFailed = "test-failed"
    case pathNotFound = "path-not-found"
    case notANumber = "not-a-number"
    case notAnArray = "not-an-array"
    case numberOutOfRange = "number-out-of-range"
    case tooDeep = "too-deep"
    case tooMuchWork = "too-much-work"
    case unreadableEntry = "unreadable-entry"

    package var slug: String { rawValue }

    /// The problem's `type`, a reference relative to the server.
    package var type: String { "/problems/\(slug)" }
}
