// What becomes of a request that came as a webhook: whether it is believed, whether it was here before, and what it is answered. Pure.

import Documents
import Webhooks

/// How believed requests are answered, for trying out what a sender does then.
struct AnswerChoice: Sendable, Equatable {
    var status = 200
    /// So many attempts of each delivery get 503 first.
    var failures = 0
}

struct Reception: Sendable {
    struct Delivered: Sendable {
        let id: String
        /// How often this id has come, this time included.
        let count: Int
        /// Whether it was taken before: an endpoint that remembers ids does not do it a second time.
        let isRepeat: Bool
        let status: Int
        /// Null for what is no JSON.
        let body: Document
        var type: String { body["type"]?.stringValue ?? "-" }
        var data: Document { body["data"] ?? .null }
        var application: String? { data["app"]?.stringValue }
    }

    enum Outcome: Sendable {
        case delivered(Delivered)
        /// - Parameter reason: a sentence.
        case refused(status: Int, reason: String)
    }

    /// Ids that are remembered; the oldest go first.
    private static let mostIDs = 10_000

    private let verifier: WebhookVerifier
    private let choice: AnswerChoice
    private var seen: [String: (count: Int, isTaken: Bool)] = [:]
    private var order: [String] = []
    private var oldest = 0

    init(secrets: [WebhookSecret], choice: AnswerChoice) {
        verifier = WebhookVerifier(secrets)
        self.choice = choice
    }

    /// - Parameters:
    ///   - field: the value of a header field by its name.
    ///   - now: seconds since 1970.
    mutating func take(method: String, field: (String) -> String?, body: [UInt8], now: Int64) -> Outcome {
        guard method == "POST" else {
            return .refused(status: 405, reason: "A webhook comes as POST, not as \(method).")
        }
        let request: VerifiedRequest
        do throws(VerificationFault) { request = try verifier.verify(field: field, body: body, now: now) } catch {
            return Self.refusal(error)
        }
        let before = seen[request.id] ?? (0, false)
        let count = before.count + 1
        let status = count <= choice.failures ? 503 : choice.status
        remember(request.id, count, isTaken: before.isTaken || (200...299).contains(status))
        return .delivered(
            Delivered(
                id: request.id, count: count, isRepeat: before.isTaken, status: status,
                body: (try? Document(parsing: body)) ?? .null))
    }

    private mutating func remember(_ id: String, _ count: Int, isTaken: Bool) {
        if seen.updateValue((count, isTaken), forKey: id) != nil { return }
        if order.count < Self.mostIDs { return order.append(id) }
        seen[order[oldest]] = nil
        order[oldest] = id
        oldest = (oldest + 1) % Self.mostIDs
    }

    private static func refusal(_ fault: VerificationFault) -> Outcome {
        switch fault {
        case .missing(let name): .refused(status: 400, reason: "It has no \(name).")
        case .malformedTimestamp: .refused(status: 400, reason: "Its webhook-timestamp is no number of seconds.")
        case .untimely(let age) where age > 0:
            .refused(status: 401, reason: "It was sent \(age) seconds ago; \(WebhookVerifier.tolerance) are believed.")
        case .untimely(let age):
            .refused(
                status: 401,
                reason:
                    "By its webhook-timestamp it will be sent in \(-age) seconds; \(WebhookVerifier.tolerance) are believed."
            )
        case .unsigned:
            .refused(
                status: 401, reason: "Its signature is not of this secret, or not of these bytes.")
        }
    }
}
