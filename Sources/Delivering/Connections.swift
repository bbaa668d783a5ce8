// Clients by what they are connected to: a name and the one address that was checked. A client never looks a name up.

import AsyncHTTPClient
import NIOCore
import Webhooks

actor Connections {
    private struct Target: Hashable {
        let host: String
        let address: IPAddress
    }

    private struct Kept {
        let client: HTTPClient
        let used: ContinuousClock.Instant
    }

    private let connectTimeout: Duration
    private let deliveries: Int
    private var kept: [Target: Kept] = [:]

    /// Clients beyond are closed, those first that were not used for long. A courier sends to fewer at a time.
    private static let limit = 1_000
    /// A client that was not used for so long is closed: longer than an attempt takes.
    private static let idleTime: Duration = .seconds(60)
    /// Connections are kept for less than the five seconds after which many servers close theirs: a request on one that is being closed
    /// would fail.
    private static let idleConnections: TimeAmount = .seconds(2)

    init(_ configuration: CourierConfiguration) {
        connectTimeout = configuration.connectTimeout
        deliveries = configuration.deliveries
    }

    func client(for url: WebhookURL, at address: IPAddress) -> HTTPClient {
        let now = ContinuousClock.now
        let target = Target(host: url.host, address: address)
        if let entry = kept[target] {
            kept[target] = Kept(client: entry.client, used: now)
            return entry.client
        }
        forget(before: now - Self.idleTime)
        let client = make(target)
        kept[target] = Kept(client: client, used: now)
        return client
    }

    private func make(_ target: Target) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        // The name stays in Host and in TLS; connected is to this address.
        if IPAddress(target.host) == nil { configuration.dnsOverride = [target.host: "\(target.address)"] }
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .nanoseconds(connectTimeout.nanoseconds)
        configuration.connectionPool.idleTimeout = Self.idleConnections
        // Webhooks on one server have lanes of their own, and do not wait for each other here.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = deliveries
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private func forget(before time: ContinuousClock.Instant) {
        var old = kept.filter { $0.value.used < time }
        if kept.count - old.count >= Self.limit, let oldest = kept.min(by: { $0.value.used < $1.value.used }) {
            old[oldest.key] = oldest.value
        }
        for (target, entry) in old {
            kept[target] = nil
            // What is under way there has ended long ago, or is cut off as its time is over.
            Task { try? await entry.client.shutdown() }
        }
    }

    func shutdown() async {
        for entry in kept.values { try? await entry.client.shutdown() }
        kept = [:]
    }
}
