// What those ask who administer webhooks. Like changes, webhooks belong to the server that changes are pushed to.

import Documents
import Fold
import NIOHTTP1

extension CisternClient {
    /// Makes a webhook.
    ///
    /// - Parameter isReplacing: changes one that is there; its secret stays, unless one is given.
    /// - Returns: the webhook; with its secret, this once, if it is new.
    /// - Throws: ``CisternError/refused(_:)``, with `precondition-failed` if there is one of this id, also if an attempt made it whose answer got
    ///   lost; with `url-forbidden` and `invalid-webhook` for what is not taken.
    public func add(_ webhook: NewWebhook, isReplacing: Bool = false) async throws(CisternError) -> RegisteredWebhook {
        var request = Request(
            method: .PUT, path: try webhookPath(webhook.id), headers: [("Content-Type", "application/json")],
            body: webhook.body)
        if !isReplacing { request.headers.append(("If-None-Match", "*")) }
        return try await described(request)
    }

    /// Those that the token is for, by their ids.
    public func webhooks() async throws(CisternError) -> [RegisteredWebhook] {
        let answer = try await transport.send(Request(method: .GET, path: "/v1/webhooks"), to: pushURL)
        return try AnswerReading.list("webhooks", answer) { RegisteredWebhook($0) }
    }

    public func webhook(_ id: String) async throws(CisternError) -> RegisteredWebhook {
        try await described(Request(method: .GET, path: try webhookPath(id)))
    }

    /// Nothing is sent there until it is enabled; what happens meanwhile can be recovered.
    @discardableResult
    public func disableWebhook(_ id: String) async throws(CisternError) -> RegisteredWebhook {
        try await described(Request(method: .POST, path: try webhookPath(id) + ":disable"))
    }

    @discardableResult
    public func enableWebhook(_ id: String) async throws(CisternError) -> RegisteredWebhook {
        try await described(Request(method: .POST, path: try webhookPath(id) + ":enable"))
    }

    /// What waits for it is not sent any more.
    public func removeWebhook(_ id: String) async throws(CisternError) {
        let answer = try await transport.send(
            Request(method: .DELETE, path: try webhookPath(id)), to: pushURL)
        // An attempt before this one may have done it, without its answer coming through.
        if answer.attempt > 1, answer.status == 404 { return }
        guard answer.status == 204 else { throw AnswerReading.failure(answer) }
    }

    /// Gives it another secret.
    ///
    /// - Parameters:
    ///   - secret: one that the server makes unless given.
    ///   - grace: for how long the old one signs, too; whole seconds, a day unless given.
    /// - Returns: with the new secret.
    public func rotateSecret(
        ofWebhook id: String, to secret: String? = nil, grace: Duration? = nil
    ) async throws(CisternError) -> RegisteredWebhook {
        var members: [(String, Document)] = []
        if let secret { members.append(("secret", .string(secret))) }
        if let grace { members.append(("grace_s", .integer(Int(grace.components.seconds)))) }
        return try await described(post("\(try webhookPath(id))/secret:rotate", .object(members)))
    }

    /// Sends it an event `webhook.test`.
    ///
    /// - Returns: the id of the delivery.
    public func testWebhook(_ id: String) async throws(CisternError) -> String {
        let answer = try await transport.send(
            Request(method: .POST, path: try webhookPath(id) + ":test"), to: pushURL)
        guard answer.status == 202 else { throw AnswerReading.failure(answer) }
        guard let delivery = try AnswerReading.document(answer)["delivery"]?.stringValue else {
            throw AnswerReading.unexpected(answer, "it does not name a delivery")
        }
        return delivery
    }

    /// Sends it what it has missed. That is an operation, which couriers work on.
    ///
    /// - Parameters:
    ///   - since: RFC 3339, no more than 14 days ago.
    ///   - until: RFC 3339; now unless given.
    ///   - includingArrived: sends what did arrive, too.
    public func recoverWebhook(
        _ id: String, since: String, until: String? = nil, includingArrived: Bool = false
    ) async throws(CisternError) -> LongOperation {
        var members: [(String, Document)] = [
            ("since", .string(since)), ("scope", .string(includingArrived ? "all" : "missed")),
        ]
        if let until { members.append(("until", .string(until))) }
        let request = post("\(try webhookPath(id)):recover", .object(members))
        return try AnswerReading.operation(try await transport.send(request, to: pushURL))
    }

    private func post(_ path: String, _ body: Document) -> Request {
        Request(
            method: .POST, path: path, headers: [("Content-Type", "application/json")], body: body.encoded())
    }

    private func described(_ request: Request) async throws(CisternError) -> RegisteredWebhook {
        let answer = try await transport.send(request, to: pushURL)
        guard (200..<300).contains(answer.status) else { throw AnswerReading.failure(answer) }
        guard let webhook = RegisteredWebhook(try AnswerReading.document(answer)) else {
            throw AnswerReading.unexpected(answer, "it does not describe a webhook")
        }
        return webhook
    }

    private func webhookPath(_ id: String) throws(CisternError) -> String {
        do { return "/v1/webhooks/\(try WebhookID(id))" } catch { throw .invalidRequest("\(error)") }
    }
}
