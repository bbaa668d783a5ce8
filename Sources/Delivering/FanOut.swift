// From events to deliveries: who is told of what. Pure but for what it is given.

import Documents
import Fold
import WebhookQueue
import Webhooks

enum FanOut {
    /// - Parameter webhooks: All that there were when the events had happened.
    static func deliveries(
        of events: [WebhookEvent], to webhooks: [Webhook], in partition: Int
    ) -> [NewDelivery] {
        events.flatMap { event in
            webhooks.filter { event.time >= $0.created && wants($0, event, webhooks) }.map { webhook in
                NewDelivery(
                    id: DeliveryID(partition: partition, event: event.id, to: webhook.name), webhook: webhook.name,
                    event: event, isSkipped: !webhook.isEnabled)
            }
        }
    }

    static func wants(_ webhook: Webhook, _ event: WebhookEvent, _ all: [Webhook]) -> Bool {
        guard webhook.subscription.types.contains(event.type) else { return false }
        if let application = event.application { return webhook.subscription.concerns(application) }
        // Of no application: for whoever may know of all that the webhook it is about may know of.
        guard let name = event.data["webhook"]?.stringValue, let about = all.first(where: { "\($0.id)" == name }) else {
            return false
        }
        return webhook.subscription.covers(about.subscription)
    }
}
