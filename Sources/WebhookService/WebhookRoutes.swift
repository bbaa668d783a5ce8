// Webhooks as resources: made, changed, switched on and off. What became of their deliveries is in DeliveryRoutes.swift.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import OperationQueue
import Operations
import WebhookQueue
package import Webhooks

package struct WebhookRoutes: RouteProvider {
    let registry: WebhookRegistry
    let queue: DeliveryQueue
    let operations: OperationQueue
    let rules: AddressRules

    /// - Parameter rules: To where webhooks may be sent, so far as a URL tells.
    package init(log: ChangeLog, rules: AddressRules) {
        registry = WebhookRegistry(log: log)
        queue = DeliveryQueue(log: log)
        operations = OperationQueue(log: log)
        self.rules = rules
    }

    package func addRoutes(to routes: inout Routes) {
        func on(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Routes.Handler) {
            routes.on(method, path, action: .administer, subject: .askedByHandler) { call in
                try call.caller.authorizeSomewhere(.administer)
                return try await handler(call)
            }
        }
        on(.get, "/v1/webhooks", list)
        on(.put, "/v1/webhooks/{webhook}", put)
        on(.get, "/v1/webhooks/{webhook}", get)
        on(.patch, "/v1/webhooks/{webhook}", patch)
        on(.delete, "/v1/webhooks/{webhook}", delete)
        on(.post, "/v1/webhooks/{webhook}/secret:rotate", rotate)
        on(.post, "/v1/webhooks/{webhook}:test", test)
        on(.post, "/v1/webhooks/{webhook}:enable") { call in try await change(call) { _ in [.enable] } }
        on(.post, "/v1/webhooks/{webhook}:disable") { call in try await change(call) { _ in [.disable] } }
        on(.post, "/v1/webhooks/{webhook}:recover", recover)
        on(.get, "/v1/deliveries", deliveries)
        on(.get, "/v1/deliveries/{delivery}", delivery)
        on(.get, "/v1/deliveries/{delivery}/attempts", attempts)
        on(.post, "/v1/deliveries/{delivery}:replay", replay)
    }

    // MARK: Making and changing

    @Sendable private func put(_ call: Call) async throws -> Response {
        let id = try call.webhookID
        let body = try await call.webhookJSON()
        let (subscription, secret) = try read(body)
        try call.authorize(subscription)
        for _ in 0..<Self.attempts {
            let (old, _) = try await look(id)
            if let old { try call.authorize(old.subscription) }
            try call.checkConditions(old)
            let ring: SecretRing? = secret.map { SecretRing($0) } ?? (old == nil ? SecretRing(.random()) : nil)
            let changes = [.subscription(subscription)] + (ring.map { [WebhookRegistry.Change.secrets($0)] } ?? [])
            if let webhook = try await store(id, over: old, changes) {
                return answer(webhook, old == nil ? .created : .ok, secret: old == nil ? webhook.secrets.present : nil)
            }
        }
        throw Self.tooBusy
    }

    private func read(_ body: Document) throws(Problem) -> (Subscription, WebhookSecret?) {
        do throws(WebhookFault) {
            let secret = try body["secret"].map { value throws(WebhookFault) in
                try WebhookSecret(value.stringValue ?? "")
            }
            let rest =
                body.kind == .object
                ? Document.object(body.members.filter { $0.name != "secret" }.map { ($0.name, $0.value) }) : body
            return (try Subscription(rest, rules: rules), secret)
        } catch { throw Problem(error) }
    }

    @Sendable private func patch(_ call: Call) async throws -> Response {
        let body = try await call.webhookJSON(as: .mergePatch)
        return try await change(call) { old in
            let patch: Patch
            do throws(PatchError) { patch = try Patch(body, kind: .mergePatch) } catch { throw Problem(error) }
            var document = old.subscription.document
            do throws(PatchFailure) { try document.apply(patch, time: 0) } catch {
                throw Problem(.invalidWebhook, "The patch cannot be applied.").with("pointer", "")
            }
            let subscription: Subscription
            do throws(WebhookFault) { subscription = try Subscription(document, rules: rules) } catch {
                throw Problem(error)
            }
            try call.authorize(subscription)
            return [.subscription(subscription)]
        }
    }

    @Sendable private func rotate(_ call: Call) async throws -> Response {
        let request: RotateRequest
        let body = try await call.webhookJSON(isOptional: true)
        do { request = try RotateRequest(body) } catch { throw Problem(error) }
        let secret = request.secret ?? .random()
        return try await change(call, showing: secret) { old in
            let (_, now) = try await look(old.id)
            guard let ring = old.secrets.rotated(to: secret, at: now, grace: request.grace) else {
                throw Problem(
                    .tooManySecrets,
                    "\(WebhookLimits.oldSecrets) secrets that were replaced still sign, as many as may.")
            }
            return [.secrets(ring)]
        }
    }

    /// Changes a webhook as it is, anew if somebody else has changed it meanwhile.
    ///
    /// - Parameter secret: shown in the answer.
    private func change(
        _ call: Call, showing secret: WebhookSecret? = nil,
        _ changes: (Webhook) async throws -> [WebhookRegistry.Change]
    ) async throws -> Response {
        let id = try call.webhookID
        for _ in 0..<Self.attempts {
            let old = try await known(id, call)
            try call.checkConditions(old)
            if let webhook = try await store(id, over: old, try await changes(old)) {
                return answer(webhook, .ok, secret: secret)
            }
        }
        throw Self.tooBusy
    }

    @Sendable private func delete(_ call: Call) async throws -> Response {
        let id = try call.webhookID
        let old = try await known(id, call)
        try call.checkConditions(old)
        let wanted = KnownTags(ifMatch: call.headers)
        let answer: WebhookRegistry.DeleteAnswer
        do { answer = try await registry.delete(id, ifRevision: wanted == .none ? nil : old.revision) } catch {
            throw Problem(error)
        }
        switch answer {
        case .done: return Response(status: .noContent)
        case .unknown: throw Problem.unknown(id)
        case .changed: throw Problem(.preconditionFailed, "The webhook was changed meanwhile.")
        }
    }

    private static let attempts = 8
    private static let tooBusy = Problem(.overloaded, "The webhook changes too often.").retry(after: .seconds(1))

    private func look(_ id: WebhookID) async throws(Problem) -> (Webhook?, now: UInt64) {
        do { return try await registry.webhook(id) } catch { throw Problem(error) }
    }

    /// One that is there, and that the caller may administer.
    func known(_ id: WebhookID, _ call: Call) async throws(Problem) -> Webhook {
        guard let webhook = try await look(id).0 else {
            // Nobody learns by the answer what there is.
            try call.caller.authorize(.administer, on: nil)
            throw .unknown(id)
        }
        try call.authorize(webhook.subscription)
        return webhook
    }

    /// Nil if somebody else has changed it meanwhile.
    private func store(
        _ id: WebhookID, over old: Webhook?, _ changes: [WebhookRegistry.Change]
    ) async throws(Problem) -> Webhook? {
        let answer: WebhookRegistry.PutAnswer
        do { answer = try await registry.put(id, over: old, changes) } catch { throw Problem(error) }
        switch answer {
        case .done(let webhook): return webhook
        case .changed: return nil
        case .full:
            throw Problem(.webhooksFull, "There are \(WebhookLimits.webhooks) webhooks, as many as may be.")
                .with("limit", WebhookLimits.webhooks)
        }
    }

    private func answer(_ webhook: Webhook, _ status: HTTPResponse.Status, secret: WebhookSecret? = nil) -> Response {
        var headers: HTTPFields = [.eTag: webhook.etag, .cacheControl: secret == nil ? "no-cache" : "no-store"]
        if status == .created { headers[.location] = webhook.path }
        return .json(webhook.document(secret: secret), status: status, headers: headers)
    }

    // MARK: Looking

    @Sendable private func get(_ call: Call) async throws -> Response {
        let webhook = try await known(try call.webhookID, call)
        guard !KnownTags(call.headers).contains(webhook.etag) else {
            return Response(status: .notModified, headers: [.eTag: webhook.etag, .cacheControl: "no-cache"])
        }
        return answer(webhook, .ok)
    }

    /// Those that the caller may administer; there are never many.
    @Sendable private func list(_ call: Call) async throws -> Response {
        let contents: WebhookRegistry.Contents?
        do { contents = try await registry.contents() } catch { throw Problem(error) }
        let webhooks = (contents?.webhooks ?? []).filter { webhook in
            (try? call.authorize(webhook.subscription)) != nil
        }.sorted { "\($0.id)" < "\($1.id)" }
        return .json(
            .object([("webhooks", .array(webhooks.map { $0.document() }))]), headers: [.cacheControl: "no-cache"])
    }

    // MARK: Trying and recovering

    @Sendable private func test(_ call: Call) async throws -> Response {
        let webhook = try await known(try call.webhookID, call)
        let (_, now) = try await look(webhook.id)
        let partition = queue.partition(of: webhook.id)
        let event = WebhookEvent(
            id: "test-\(String(UInt64.random(in: 0 ... .max), radix: 36))", type: .webhookTest, application: nil,
            time: now, data: .object([("webhook", .string("\(webhook.id)"))]))
        let id = DeliveryID(partition: partition.number, event: event.id, to: webhook.name)
        let delivery = NewDelivery(id: id, webhook: webhook.name, event: event, isSkipped: !webhook.isEnabled)
        do { try await queue.fanOut([delivery], of: nil, in: partition) } catch { throw Problem(error) }
        return .json(
            .object([("delivery", .string("\(id)")), ("href", .string("/v1/deliveries/\(id)"))]), status: .accepted,
            headers: [.location: "/v1/deliveries/\(id)"])
    }

    @Sendable private func recover(_ call: Call) async throws -> Response {
        let webhook = try await known(try call.webhookID, call)
        let (_, now) = try await look(webhook.id)
        let body = try await call.webhookJSON()
        let wish: OperationRequest
        do {
            let request = try RecoverRequest(body, now: now)
            wish = try OperationRequest(RecoveryOperation.request(request, of: webhook.name))
        } catch let fault as WebhookFault { throw Problem(fault) }
        guard webhook.isEnabled else { throw Problem.disabled(webhook) }
        let id = try OperationID("\(webhook.creation)-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
        let answer: CreateAnswer
        do {
            answer = try await operations.create(wish, as: OperationName(id, of: RecoveryOperation.application))
        } catch {
            throw Problem(error)
        }
        guard case .created(let document) = answer else {
            throw Problem(.overloaded, "Too many recoveries wait.").retry(after: .seconds(5))
        }
        return .json(
            document.document, status: .accepted,
            headers: [
                .location: document.path, .operationLocation: document.path, .retryAfter: "\(document.retryAfter)",
                .cacheControl: "no-cache",
            ])
    }
}
