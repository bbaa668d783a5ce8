// What is said about webhooks: to those that take them in, and to couriers.

package import Webhooks

extension Settings {
    // MARK: Webhooks

    /// None: whoever may make a webhook would have a hand inside of the network that the couriers are in.
    package static let webhookNetworks = Setting<[IPNetwork]>(
        "webhook-networks", .networks, default: [],
        help:
            "Networks to which webhooks may be sent although they are not of the whole Internet, as 10.1.0.0/16,fd00::/8; the same for couriers and those that take webhooks in."
    )
    package static let webhookHTTPSOnly = Setting<Bool>(
        "webhook-https-only", .yesOrNo, default: false, help: "Send webhooks by HTTPS only.")

    /// Of whoever sends webhooks, or takes them in.
    package static let webhooks = [webhookNetworks.description, webhookHTTPSOnly.description]

    // MARK: Courier

    /// Some KiB each, and what is delivered.
    package static let deliveries = Setting<Int>(
        "deliveries", .count(1...10_000), default: 256, help: "Deliveries that are sent at the same time.")
    /// A slow endpoint leaves room for the others.
    package static let endpointDeliveries = Setting<Int>(
        "endpoint-deliveries", .count(1...1_000), default: 8,
        help: "Deliveries that are sent to one endpoint at the same time.")
    /// What a courier that died had in hand is sent after twice as long.
    package static let deliveryTimeout = Setting<Duration>(
        "delivery-timeout", .time(.seconds(1)...(.seconds(60))), default: WebhookLimits.attemptTimeout,
        help: "Time in which an endpoint has to answer; about the same for all couriers.")

    package static let courier = [
        deliveries.description, endpointDeliveries.description, deliveryTimeout.description,
    ]
}

extension DaemonConfiguration {
    /// To where webhooks are sent.
    package var addressRules: AddressRules {
        AddressRules(
            allowed: values.value(Settings.webhookNetworks), isHTTPSOnly: values.value(Settings.webhookHTTPSOnly))
    }
}

extension SettingKind<[IPNetwork]> {
    /// Networks, divided by commas.
    static var networks: SettingKind {
        SettingKind(placeholder: "NETWORK,…") { text throws(SettingProblem) in
            var networks: [IPNetwork] = []
            for part in text.split(separator: ",") {
                guard let network = IPNetwork(part) else {
                    throw SettingProblem("It takes networks such as 10.1.0.0/16 or fd00::/8, divided by commas.")
                }
                networks.append(network)
            }
            return networks
        } write: { _ in
            ""
        }
    }
}
