// A webhook that is there as long as somebody listens.

import CisternClient
import Webhooks

struct TemporaryWebhook: Sendable {
    /// Retries are to be seen while somebody looks; and what is left behind by one that was killed is dead soon.
    private static let pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(60)]
    /// What happens in applications; not what becomes of deliveries and webhooks.
    static let usualTypes = EventType.subscribable.filter {
        switch $0 {
        case .stateChanged, .changeRejected, .operationSucceeded, .operationFailed, .operationCancelled,
            .operationDead:
            true
        case .webhookDisabled, .deliveryFailing, .deliveryRecovered, .deliveryDead, .webhookTest: false
        }
    }.map(\.rawValue)

    let id: String
    let secret: WebhookSecret
    private let client: CisternClient

    static func make(
        at url: String, applications: [String], types: [String], by client: CisternClient
    ) async throws -> TemporaryWebhook {
        let id = "listen-" + String(UInt32.random(in: 0 ... .max), radix: 36)
        let webhook = try await client.add(
            NewWebhook(
                id, url: url, applications: applications, eventTypes: types.isEmpty ? usualTypes : types,
                retryPauses: pauses))
        guard let secret = webhook.secret.flatMap({ try? WebhookSecret($0) }) else {
            throw Failure(.unavailable, "The server has made the webhook “\(id)”, but says no secret that signs.")
        }
        return TemporaryWebhook(id: id, secret: secret, client: client)
    }

    /// Says so if that fails: nobody else would notice.
    func remove() async {
        do throws(CisternError) { try await client.removeWebhook(id) } catch {
            Terminal.error.print(
                "The webhook “\(id)” is left behind: \(Failure(error).message) Remove it: cistern webhook remove \(id) --yes"
            )
        }
    }
}
