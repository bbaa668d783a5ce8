// What became of deliveries, and sending them once more.

import ChangeLog
import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import WebhookQueue
import Webhooks

extension WebhookRoutes {
    @Sendable func deliveries(_ call: Call) async throws -> Response {
        let question = try await question(call)
        var found: [DeliveryDocument] = []
        var completeSince = question.since
        do {
            try await withThrowingTaskGroup(of: (found: [DeliveryDocument], completeSince: UInt64).self) { group in
                var rest = queue.partitions.makeIterator()
                func addNext() {
                    guard let partition = rest.next() else { return }
                    group.addTask { [queue] in try await queue.deliveries(question, in: partition) }
                }
                for _ in 0..<Self.concurrentPartitions { addNext() }
                while let answer = try await group.next() {
                    found += answer.found
                    completeSince = max(completeSince, answer.completeSince)
                    addNext()
                }
            }
        } catch let error as LogError { throw Problem(error) }
        let page = Self.page(found, completeSince: completeSince, question)
        var members: [(String, Document)] = [("deliveries", .array(page.deliveries.map(\.document)))]
        var headers: HTTPFields = [.cacheControl: "no-cache"]
        if let next = page.next {
            let time = RFC3339.string(milliseconds: next)
            members.append(("next", .string(time)))
            headers[.link] = "<\(Self.link(question, until: time))>; rel=\"next\""
        }
        return .json(.object(members), headers: headers)
    }

    /// Partitions that are asked at the same time.
    private static let concurrentPartitions = 16

    /// The newest of all, and until when the next page goes; nil if this is the last one.
    static func page(
        _ found: [DeliveryDocument], completeSince: UInt64, _ question: DeliveryQuestion
    ) -> (deliveries: [DeliveryDocument], next: UInt64?) {
        // What lies before may be missing some.
        let sorted = found.filter { $0.created >= completeSince }.sorted {
            ($0.created, "\($0.id)") > ($1.created, "\($1.id)")
        }
        guard sorted.count > question.most else {
            return (sorted, completeSince > question.since ? completeSince - 1 : nil)
        }
        // All of one moment are on one page.
        let last = sorted[question.most - 1].created
        return (Array(sorted.prefix { $0.created >= last }), last > question.since ? last - 1 : nil)
    }

    private static func link(_ question: DeliveryQuestion, until: String) -> String {
        var parts = [
            "until=\(until)", "since=\(RFC3339.string(milliseconds: question.since))", "limit=\(question.most)",
        ]
        if let webhook = question.webhook { parts.append("webhook=\(webhook)") }
        if let status = question.status { parts.append("status=\(status.rawValue)") }
        return "/v1/deliveries?" + parts.joined(separator: "&")
    }

    private func question(_ call: Call) async throws -> DeliveryQuestion {
        let query = call.query
        let webhook = try query.string("webhook").map { text throws(Problem) in
            do { return try WebhookID(text) } catch { throw Problem.invalidParameter("webhook", "is no webhook id") }
        }
        let (found, now) = try await registry.webhook(webhook ?? WebhookID("any"))
        if webhook != nil, let found {
            try call.authorize(found.subscription)
        } else {
            try call.caller.authorize(.administer, on: nil)
        }
        let status = try query.string("status").map { text throws(Problem) in
            guard let status = DeliveryStatus(rawValue: text) else {
                let all = DeliveryStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.invalidParameter("status", "takes one of \(all)")
            }
            return status
        }
        let oldest = now - min(now, UInt64(WebhookLimits.recordKeeping.milliseconds))
        return DeliveryQuestion(
            webhook: webhook, status: status, since: try call.time("since") ?? oldest,
            until: try call.time("until") ?? now,
            most: try query.integer("limit", in: WebhookLimits.listed) ?? WebhookLimits.usuallyListed)
    }

    // MARK: One of them

    @Sendable func delivery(_ call: Call) async throws -> Response {
        .json(try await known(call).0.document, headers: [.cacheControl: "no-cache"])
    }

    @Sendable func attempts(_ call: Call) async throws -> Response {
        .json(
            .object([("attempts", .array(try await known(call).1.map(\.document)))]),
            headers: [.cacheControl: "no-cache"])
    }

    @Sendable func replay(_ call: Call) async throws -> Response {
        let (delivery, _, webhook) = try await known(call)
        guard let webhook else { throw Problem.unknown(delivery.webhook.id) }
        guard webhook.isEnabled else { throw Problem.disabled(webhook) }
        let answer: ReplayAnswer
        do { answer = try await queue.replay(delivery.id) } catch { throw Problem(error) }
        switch answer {
        case .again(let document):
            return .json(document.document, status: .accepted, headers: [.location: document.path])
        case .alive(let document):
            throw Problem(.deliveryInFlight, "The delivery is not over.").with(
                "delivery_status", document.status.rawValue)
        case .expired: throw Problem(.payloadExpired, "What was to be delivered is not kept any more.")
        case .unknown: throw Problem.unknownDelivery
        }
    }

    /// The delivery in the path, if the caller may see it; nil for a webhook that is not there any more.
    private func known(_ call: Call) async throws -> (DeliveryDocument, [AttemptRecord], Webhook?) {
        let found: (DeliveryDocument, [AttemptRecord])?
        do { found = try await queue.delivery(try call.deliveryID) } catch let error as LogError {
            throw Problem(error)
        }
        guard let (delivery, attempts) = found else {
            // Nobody learns by the answer what there is.
            try call.caller.authorize(.administer, on: nil)
            throw Problem.unknownDelivery
        }
        let webhook: Webhook?
        do { webhook = try await registry.webhook(delivery.webhook.id).0 } catch { throw Problem(error) }
        guard let webhook, webhook.name == delivery.webhook else {
            try call.caller.authorize(.administer, on: delivery.application)
            return (delivery, attempts, nil)
        }
        try call.authorize(webhook.subscription)
        return (delivery, attempts, webhook)
    }
}
