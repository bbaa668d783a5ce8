// One event on its way to one webhook: how it stands, how its attempts went, and sending it once more.

import Documents
import NIOHTTP1

/// How a delivery stood at a moment.
public struct WebhookDelivery: Sendable, Hashable {
    /// The `webhook-id` of all its requests.
    public let id: String
    public let webhook: String
    public let eventType: String
    /// Nil for what is of no application.
    public let application: String?
    public let status: Status
    public let attempts: Int
    /// RFC 3339, UTC.
    public let created: String
    public let updated: String
    /// When it is tried next; nil if it is over.
    public let next: String?
    /// How the last attempt went.
    public let last: DeliveryAttempt?
    /// The server's own words.
    public let json: JSONText

    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Was not tried yet.
        case pending
        /// Is being sent.
        case delivering
        /// Waits for its next attempt.
        case retrying
        case succeeded
        /// None of its attempts arrived.
        case dead
        /// Its webhook is, or was, disabled.
        case skipped
        /// Its webhook is deleted.
        case discarded

        /// Whether nothing will become of it by itself.
        public var isOver: Bool {
            switch self {
            case .pending, .delivering, .retrying: false
            case .succeeded, .dead, .skipped, .discarded: true
            }
        }
    }
}

/// How one attempt went.
public struct DeliveryAttempt: Sendable, Hashable {
    /// Counted from 1.
    public let number: Int
    /// RFC 3339, UTC.
    public let time: String
    public let duration: Duration
    /// The answer's status, or a word for why there was none, such as `timeout`.
    public let outcome: String
    /// The server's own words.
    public let json: JSONText
}

extension CisternClient {
    /// Deliveries, the newest first, fetched in pages as they are asked for.
    ///
    /// - Parameters:
    ///   - webhook: if given, only those to this one.
    ///   - status: if given, only those that stand so.
    ///   - since: RFC 3339; so far as they are remembered, 16 days, unless given.
    ///   - until: RFC 3339; now unless given.
    public func deliveries(
        to webhook: String? = nil, status: WebhookDelivery.Status? = nil, since: String? = nil, until: String? = nil
    ) -> PagedList<WebhookDelivery> {
        linkedList(
            "deliveries", at: "/v1/deliveries",
            [("webhook", webhook), ("status", status?.rawValue), ("since", since), ("until", until)]
        ) { WebhookDelivery($0) }
    }

    public func delivery(_ id: String) async throws(CisternError) -> WebhookDelivery {
        try AnswerReading.delivery(
            try await transport.send(Request(method: .GET, path: deliveryPath(id)), to: pushURL))
    }

    /// The last 30, the first of them first.
    public func attempts(ofDelivery id: String) async throws(CisternError) -> [DeliveryAttempt] {
        let answer = try await transport.send(
            Request(method: .GET, path: deliveryPath(id) + "/attempts"), to: pushURL)
        return try AnswerReading.list("attempts", answer) { DeliveryAttempt($0) }
    }

    /// Sends the same once more, under the same id.
    ///
    /// - Throws: ``CisternError/refused(_:)``, with `delivery-in-flight` if it is not over, `webhook-disabled`, or `payload-expired`.
    @discardableResult
    public func replayDelivery(_ id: String) async throws(CisternError) -> WebhookDelivery {
        let answer = try await transport.send(
            Request(method: .POST, path: deliveryPath(id) + ":replay"), to: pushURL)
        // An attempt before this one may have done it, without its answer coming through.
        if answer.attempt > 1, case .refused(let problem) = AnswerReading.failure(answer),
            problem.slug == "delivery-in-flight"
        {
            return try await delivery(id)
        }
        return try AnswerReading.delivery(answer)
    }

    private func deliveryPath(_ id: String) -> String { "/v1/deliveries/\(id.percentEncoded)" }
}

extension AnswerReading {
    fileprivate static func delivery(_ answer: Answer) throws(CisternError) -> WebhookDelivery {
        guard (200..<300).contains(answer.status) else { throw failure(answer) }
        guard let delivery = WebhookDelivery(try document(answer)) else {
            throw unexpected(answer, "it does not describe a delivery")
        }
        return delivery
    }
}

extension WebhookDelivery {
    init?(_ document: Document) {
        guard let id = document["id"]?.stringValue, let webhook = document["webhook"]?.stringValue,
            let type = document["type"]?.stringValue,
            let status = document["status"]?.stringValue.flatMap({ Status(rawValue: $0) })
        else { return nil }
        self.id = id
        self.webhook = webhook
        eventType = type
        application = document["app"]?.stringValue
        self.status = status
        attempts = document["attempts"]?.integerValue ?? 0
        created = document["created_at"]?.stringValue ?? ""
        updated = document["updated_at"]?.stringValue ?? ""
        next = document["next_attempt_at"]?.stringValue
        last = document["last_attempt"].flatMap { DeliveryAttempt($0) }
        json = JSONText(bytes: document.encoded())
    }
}

extension DeliveryAttempt {
    init?(_ document: Document) {
        guard let number = document["attempt"]?.integerValue, let time = document["at"]?.stringValue,
            let outcome = document["status"]?.integerValue.map(String.init) ?? document["error"]?.stringValue
        else { return nil }
        self.number = number
        self.time = time
        self.outcome = outcome
        duration = .milliseconds(document["duration_ms"]?.integerValue ?? 0)
        json = JSONText(bytes: document.encoded())
    }
}
