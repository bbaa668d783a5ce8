// What is answered about webhooks and their deliveries.

import Documents
import HTTPTypes

extension ProblemExplanation {
    static let invalidWebhook = ProblemExplanation(
        status: .unprocessableContent, title: "The request about a webhook is not valid",
        meaning: "The body is JSON, but not what is taken here. Nothing was done.",
        cause: "A member is missing, has another type or is out of its range, or is not known: none is passed over.",
        remedy: "“pointer” says where. /openapi.json has what is taken.",
        example: Example("The member “url” is missing.", [("pointer", .string(""))]))

    static let urlForbidden = ProblemExplanation(
        status: .unprocessableContent, title: "Nothing is sent to this URL",
        meaning: "The URL of a webhook is none, or leads to where nothing is sent. Nothing was done.",
        cause:
            "It has a user, a fragment or odd characters, is not https where only that is taken, or is at an address that is not of the whole Internet.",
        remedy: "Give a plain URL of a public server. The operator may allow networks with --webhook-networks.",
        example: Example(
            "Nothing is sent to 10.0.0.7: it is no address of the whole Internet.", [("pointer", .string("/url"))]))

    static let webhookTooLarge = ProblemExplanation(
        status: .contentTooLarge, title: "This is too large for a webhook",
        meaning: "The body has more bytes than a request about a webhook may have. Nothing was done.",
        cause: "Every courier keeps all webhooks in memory.",
        remedy: "“limit” is the largest size in bytes.",
        example: Example("It has at most 32768 bytes.", [("limit", .integer(32_768))]))

    static let unsupportedWebhookType = ProblemExplanation(
        status: .unsupportedMediaType, title: "What is said about webhooks is JSON",
        meaning: "The body was sent as something else than application/json. Nothing was done.",
        cause: "The header field Content-Type is missing, or another.",
        remedy: "Send it as application/json; a PATCH as application/merge-patch+json.",
        example: Example("What is said about webhooks is sent as application/json."))

    static let unknownWebhook = ProblemExplanation(
        status: .notFound, title: "There is no such webhook",
        meaning: "No webhook has this id.",
        cause: "It was not made yet, was deleted, or the id is spelt in another way.",
        remedy: "Make it with PUT.", example: Example("There is no webhook “billing”."))

    static let webhooksFull = ProblemExplanation(
        status: .tooManyRequests, title: "There are too many webhooks",
        meaning: "The store has as many webhooks as it may. This one was not made.",
        cause: "Every event is held against every webhook.",
        remedy: "Delete some, or let one endpoint pass on what it gets.",
        example: Example("There are 500 webhooks, as many as may be.", [("limit", .integer(500))]))

    static let webhookDisabled = ProblemExplanation(
        status: .conflict, title: "The webhook is disabled",
        meaning: "Nothing is sent to a webhook that is disabled. Nothing was done.",
        cause: "Somebody disabled it, its endpoint answered 410, or nothing arrived there for five days.",
        remedy: "Enable it with POST …:enable, then recover what it missed.",
        example: Example("The webhook “billing” is disabled: enable it first."))

    static let tooManySecrets = ProblemExplanation(
        status: .conflict, title: "Too many secrets still sign",
        meaning: "The webhook has as many replaced secrets that still sign as it may. The secret was not replaced.",
        cause: "It was replaced often within the time for which the old ones go on signing.",
        remedy: "Wait until one has had its time, or replace it with “grace_s” 0.",
        example: Example("10 secrets that were replaced still sign, as many as may."))

    static let unknownDelivery = ProblemExplanation(
        status: .notFound, title: "There is no such delivery",
        meaning: "No delivery has this id, or not any more.",
        cause: "Deliveries are kept for 16 days, and the oldest go first where there are too many.",
        remedy: "GET /v1/deliveries lists those that are there.",
        example: Example("There is no delivery of this id, or not any more."))

    static let deliveryInFlight = ProblemExplanation(
        status: .conflict, title: "The delivery is not over",
        meaning: "The delivery waits for its next attempt, or is being sent. It was not begun anew.",
        cause: "“delivery_status” says which.",
        remedy: "Wait until it has succeeded or is dead.",
        example: Example("The delivery is not over.", [("delivery_status", .string("retrying"))]))

    static let payloadExpired = ProblemExplanation(
        status: .gone, title: "What was to be delivered is not kept any more",
        meaning: "The delivery is remembered, but not its bytes. It cannot be sent once more.",
        cause: "Payloads are kept for 14 days.",
        remedy: "Read the present state from the resource that the event was about.",
        example: Example("What was to be delivered is not kept any more."))
}
