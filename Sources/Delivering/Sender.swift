// Sends one attempt: looks the name up, checks every address, connects to exactly the one that was checked, with Host and SNI of the name, and
// makes of whatever comes an end.

import AsyncHTTPClient
import Fold
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import Webhooks

package struct Sender: Sendable {
    private let connections: Connections
    private let resolver: any Resolver
    private let rules: AddressRules
    private let attemptTimeout: Duration

    package init(_ configuration: CourierConfiguration, resolver: any Resolver) {
        connections = Connections(configuration)
        self.resolver = resolver
        rules = configuration.rules
        attemptTimeout = configuration.attemptTimeout
    }

    package func shutdown() async { await connections.shutdown() }

    package func send(_ body: [UInt8], as id: DeliveryID, to webhook: Webhook) async -> AttemptEnd {
        // The resolver has a bound of its own; what it has used up is missing here.
        let deadline = NIODeadline.now() + .nanoseconds(attemptTimeout.nanoseconds)
        let outcome = await attempt(body, as: id, to: webhook, until: deadline)
        if let response = outcome.response { await drain(response) }
        return outcome.end
    }

    private struct Outcome {
        let end: AttemptEnd
        /// Its body may still come.
        var response: HTTPClientResponse?
    }

    private func attempt(
        _ body: [UInt8], as id: DeliveryID, to webhook: Webhook, until deadline: NIODeadline
    ) async -> Outcome {
        let url = webhook.subscription.url
        guard url.isSecure || !rules.isHTTPSOnly else { return Outcome(end: .refused) }
        let address: IPAddress
        switch await place(of: url) {
        case .success(let checked): address = checked
        case .failure(let failed): return Outcome(end: failed.end)
        }
        let timestamp = Int64(Date.now.timeIntervalSince1970)
        var request = HTTPClientRequest(url: url.description)
        request.method = .POST
        for (name, value) in webhook.subscription.headers { request.headers.add(name: name, value: value) }
        request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        request.headers.replaceOrAdd(name: "User-Agent", value: "Cistern/\(Release.version)")
        request.headers.replaceOrAdd(name: "Webhook-Id", value: "\(id)")
        request.headers.replaceOrAdd(name: "Webhook-Timestamp", value: "\(timestamp)")
        request.headers.replaceOrAdd(
            name: "Webhook-Signature",
            value: webhook.secrets.signatures(id: "\(id)", timestamp: timestamp, body: body))
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let client = await connections.client(for: url, at: address)
            let response = try await client.execute(request, deadline: deadline)
            let wish = response.headers.first(name: "Retry-After").map { String($0.prefix(Self.wishBytes)) }
            return Outcome(
                end: .answered(status: Int(response.status.code), retryAfter: wish), response: response)
        } catch {
            return Outcome(end: AttemptEnd(error))
        }
    }

    /// Bytes of a Retry-After that are looked at; a date has 29.
    private static let wishBytes = 64

    private struct Failed: Error {
        let end: AttemptEnd
        init(_ end: AttemptEnd) { self.end = end }
    }

    /// One address, if all that the name has may be sent to.
    private func place(of url: WebhookURL) async -> Result<IPAddress, Failed> {
        if let address = url.address { return rules.allow(address) ? .success(address) : .failure(Failed(.refused)) }
        guard let found = try? await resolver.addresses(of: url.host), let first = found.first else {
            return .failure(Failed(.unresolved))
        }
        guard found.allSatisfy(rules.allow) else { return .failure(Failed(.refused)) }
        return .success(first)
    }

    /// Reads what else there is, within bounds, so that the connection may be used again. The answer is what its head says.
    private func drain(_ response: HTTPClientResponse) async {
        // Most answers have no body, and end with their head.
        if response.status == .noContent || response.headers.first(name: "Content-Length") == "0" {
            return await Self.read(response.body)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Self.read(response.body) }
            group.addTask { await Pause.sleep(for: Self.drainTime) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func read(_ body: HTTPClientResponse.Body) async {
        var bytes = 0
        do {
            for try await part in body where bytes < WebhookLimits.answerBytes { bytes += part.readableBytes }
        } catch {}
    }

    /// An answer that drips is not waited for.
    private static let drainTime: Duration = .milliseconds(500)
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

extension AttemptEnd {
    /// In words of our own: what an endpoint says in its errors is nobody's business.
    init(_ error: any Error) {
        switch error {
        case is CancellationError: self = .timedOut
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .readTimeout, .connectTimeout, .writeTimeout, .cancelled: self = .timedOut
            case .tlsHandshakeTimeout: self = .failed("tls-failed")
            case .remoteConnectionClosed: self = .failed("connection-closed")
            default: self = .failed("no-http-answer")
            }
        case is NIOConnectionError, is IOError: self = .failed("connection-failed")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self = .failed("tls-failed")
        case let error as ChannelError:
            if case .connectTimeout = error { self = .timedOut } else { self = .failed("connection-failed") }
        default: self = .failed("no-http-answer")
        }
    }
}
