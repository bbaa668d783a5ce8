import Documents
import Fold
import Grants
import HTTPService
import HTTPTypes
import LogAnswers
import NIOCore
import Webhooks

extension Problem {
    init(_ fault: WebhookFault) {
        let kind: ProblemKind =
            switch fault.kind {
            case .invalid: .invalidWebhook
            case .urlForbidden: .urlForbidden
            }
        self = Problem(kind, fault.message).with("pointer", fault.pointer)
    }

    static func unknown(_ id: WebhookID) -> Problem { Problem(.unknownWebhook, "There is no webhook “\(id)”.") }

    static let unknownDelivery = Problem(.unknownDelivery, "There is no delivery of this id, or not any more.")

    static func disabled(_ webhook: Webhook) -> Problem {
        Problem(.webhookDisabled, "The webhook “\(webhook.id)” is disabled: enable it first.")
    }
}

extension Call {
    /// The webhook in the path.
    var webhookID: WebhookID {
        get throws(Problem) {
            let text = try parameter("webhook")
            do { return try WebhookID(text) } catch { throw Problem(.invalidID, "\(error)") }
        }
    }

    /// The delivery in the path.
    var deliveryID: DeliveryID {
        get throws(Problem) {
            guard let id = DeliveryID(try parameter("delivery")) else {
                try caller.authorize(.administer, on: nil)
                throw .unknownDelivery
            }
            return id
        }
    }

    /// A body of JSON, completely read; an empty object where there may be none.
    func webhookJSON(as type: ContentType = .json, isOptional: Bool = false) async throws -> Document {
        let limit = WebhookLimits.requestBytes
        let body = try await body(
            upTo: limit, orThrow: Problem(.webhookTooLarge, "It has at most \(limit) bytes.").with("limit", limit))
        if isOptional, body.readableBytes == 0 { return .emptyObject }
        guard let given = headers[.contentType].flatMap({ ContentType($0) }), given.isUTF8,
            given.essence == type.essence || given.essence == ContentType.json.essence
        else {
            throw Problem(.unsupportedWebhookType, "What is said about webhooks is sent as \(type).")
                .with(header: .accept, type.description)
        }
        do { return try Document(parsing: body.readableBytesUInt8Span) } catch { throw Problem(error) }
    }

    /// Whoever administers a webhook has to administer all applications that it is about.
    func authorize(_ subscription: Subscription) throws(Problem) {
        for pattern in subscription.applications {
            switch pattern {
            case .one(let application): try caller.authorize(.administer, on: application)
            case .beginning(let beginning): try caller.authorize(.administer, onAllBeginning: beginning)
            }
        }
    }

    /// Whether `If-Match` or `If-None-Match` keep from changing it.
    func checkConditions(_ webhook: Webhook?) throws(Problem) {
        if case let wanted = KnownTags(ifMatch: headers), wanted != .none {
            guard let webhook, wanted.contains(webhook.etag) else {
                throw Problem(
                    .preconditionFailed,
                    webhook.map { "The webhook has the tag \($0.etag)." } ?? "There is no such webhook.")
            }
        }
        if let webhook, KnownTags(headers).contains(webhook.etag) {
            throw Problem(.preconditionFailed, "There is a webhook of this id, with the tag \(webhook.etag).")
        }
    }

    /// A time in the query, in milliseconds since 1970.
    func time(_ name: String) throws(Problem) -> UInt64? {
        guard let text = try query.string(name) else { return nil }
        guard let time = RFC3339.milliseconds(text) else {
            throw Problem.invalidParameter(name, "takes a time, as 2026-11-21T06:00:00Z")
        }
        return time
    }
}
