// Webhooks and their deliveries, for people.

import CisternClient
import Documents

enum WebhookWording {
    /// Of a secret that is not to stand on a command line.
    static let secretVariable = "CISTERN_WEBHOOK_SECRET"

    // MARK: Webhooks

    static func status(_ webhook: RegisteredWebhook, now: UInt64) -> String {
        switch webhook.status {
        case .enabled:
            webhook.failingSince.map { "enabled, failing since \(time($0, now: now))" } ?? "enabled"
        case .disabled(let reason, _): "disabled (\(Wording.printable(reason)))"
        }
    }

    static func sentence(_ webhook: RegisteredWebhook) -> String {
        switch webhook.status {
        case .enabled: "“\(webhook.id)” is enabled."
        case .disabled(let reason, _): "“\(webhook.id)” is disabled\(why(reason))."
        }
    }

    private static func why(_ reason: String) -> String {
        switch reason {
        case "gone": ": its endpoint answered 410"
        case "failing": ": nothing arrived there for five days"
        default: ""
        }
    }

    static func lines(_ webhook: RegisteredWebhook, now: UInt64) -> [String] {
        var rows = [
            ("webhook", webhook.id), ("url", Wording.printable(webhook.url)), ("status", status(webhook, now: now)),
            ("apps", webhook.applications.joined(separator: ", ")),
            ("types", webhook.eventTypes.joined(separator: ", ")),
            ("created", webhook.created), ("updated", webhook.updated),
        ]
        if case .disabled(let reason, let since) = webhook.status {
            rows.append(("disabled", "since \(since)\(why(reason))"))
        }
        let document = try? Document(parsing: webhook.json.bytes)
        for name in ["path", "retry", "rate_limit", "headers"] {
            if let value = document?[name] { rows.append((name, Wording.printable(value.stringValue ?? value.text))) }
        }
        return Wording.aligned(rows)
    }

    // MARK: Deliveries

    /// “200 in 12 ms”.
    static func answer(_ attempt: DeliveryAttempt?) -> String {
        guard let attempt else { return "-" }
        let milliseconds = Int(attempt.duration / .milliseconds(1))
        let time = milliseconds < 1_000 ? "\(milliseconds) ms" : Wording.seconds(attempt.duration)
        return "\(Wording.printable(attempt.outcome)) in \(time)"
    }

    static func lines(_ delivery: WebhookDelivery, now: UInt64) -> [String] {
        var rows = [
            ("delivery", delivery.id), ("webhook", delivery.webhook), ("type", delivery.eventType),
            ("app", delivery.application ?? "-"), ("status", delivery.status.rawValue),
            ("attempts", "\(delivery.attempts)"), ("created", delivery.created), ("updated", delivery.updated),
        ]
        if let next = delivery.next { rows.append(("next", "\(next), \(time(next, now: now))")) }
        return Wording.aligned(rows)
    }

    /// Nil if it arrived.
    static func failure(of delivery: WebhookDelivery, waited: Duration, now: UInt64) -> Failure? {
        let name = "“\(delivery.webhook)”"
        switch (delivery.status, delivery.last) {
        case (.succeeded, _): return nil
        case (.skipped, _):
            return Failure(
                .failed, "\(name) is disabled.", advice: "Enable it: cistern webhook enable \(delivery.webhook).")
        case (.discarded, _): return Failure(.failed, "\(name) was removed meanwhile.")
        case (.pending, nil):
            return Failure(
                .failed, "No courier has sent it within \(Wording.seconds(waited)).",
                advice: "Is one running? Its log and /readyz say what is wrong. It is sent as soon as there is one.")
        case (.delivering, nil), (.retrying, nil), (.dead, nil):
            return Failure(.failed, "It was not answered within \(Wording.seconds(waited)).")
        case (.pending, let last?), (.delivering, let last?), (.retrying, let last?), (.dead, let last?):
            let next = delivery.next.map { " It is tried again \(time($0, now: now))." } ?? " It is not tried again."
            return Failure(.failed, "\(name) did not take it: \(answer(last)).\(next)", advice: advice(last.outcome))
        }
    }

    private static func advice(_ outcome: String) -> String? {
        switch outcome {
        case "address-refused":
            "It is at an address that is not of the whole Internet. An operator lets networks in with --webhook-networks, the same for couriers and those that take webhooks in."
        case "name-not-found": "The couriers find no address of its name."
        case "connection-failed": "Nobody takes connections there, as the couriers see it."
        case "timeout": "It has 5 s to connect and 15 s in all; answer first, and work then."
        case "tls-failed": "Its certificate is not one that the couriers' machine believes."
        case "410": "410 says that it wants nothing any more, and disables it."
        default: nil
        }
    }

    // MARK: Times

    /// “in 5 min”, “12 s ago”: for people who look at a list.
    ///
    /// - Parameter text: of RFC 3339; what is none is shown as it is.
    static func time(_ text: String?, now: UInt64) -> String {
        guard let text else { return "-" }
        guard let time = RFC3339.milliseconds(text) else { return Wording.printable(text) }
        let seconds = (time > now ? time - now : now - time) / 1_000
        let span =
            switch seconds {
            case ..<120: "\(seconds) s"
            case ..<7_200: "\(seconds / 60) min"
            case ..<172_800: "\(seconds / 3_600) h"
            default: "\(seconds / 86_400) d"
            }
        return time > now ? "in \(span)" : "\(span) ago"
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}
