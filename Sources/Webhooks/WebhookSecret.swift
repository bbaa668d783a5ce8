// What a webhook's requests are signed with (Standard Webhooks, “Symmetric signatures”): `whsec_` and base64, whose bytes are the key.

import Crypto
import FoundationEssentials
import Operations

package struct WebhookSecret: Hashable, Sendable {
    package let bytes: [UInt8]

    private static let prefix = "whsec_"

    /// As it is given and shown.
    package var text: String { Self.prefix + Data(bytes).base64EncodedString() }

    package init(_ text: String, at pointer: String = "/secret") throws(WebhookFault) {
        let range = WebhookLimits.secretBytes
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            range.contains(data.count)
        else {
            throw WebhookFault(
                .invalid,
                "A secret is “whsec_” and \(range.lowerBound) to \(range.upperBound) bytes in base64.", at: pointer)
        }
        bytes = Array(data)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// One that nobody can guess.
    package static func random() -> WebhookSecret {
        var generator = SystemRandomNumberGenerator()
        return WebhookSecret(
            bytes: (0..<WebhookLimits.ownSecretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    package func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.signed(id: id, timestamp: timestamp, body: body), using: SymmetricKey(data: bytes))
        return "v1," + Data(code).base64EncodedString()
    }

    static func signed(id: String, timestamp: Int64, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }
}

/// The secrets of a webhook: the present one, and those that it had.
package struct SecretRing: Hashable, Sendable {
    package struct Old: Hashable, Sendable {
        package let secret: WebhookSecret
        /// Milliseconds since 1970 until which it signs.
        package let until: UInt64
    }

    package let present: WebhookSecret
    /// The last one first.
    package let old: [Old]

    package init(_ present: WebhookSecret, old: [Old] = []) {
        self.present = present
        self.old = old
    }

    /// All that sign at a time, the newest first.
    package func signing(at time: UInt64) -> [WebhookSecret] {
        [present] + old.filter { $0.until > time }.map(\.secret)
    }

    /// - Returns: nil if as many old ones still sign as may.
    package func rotated(to secret: WebhookSecret, at time: UInt64, grace seconds: Int) -> SecretRing? {
        let kept = old.filter { $0.until > time }
        guard seconds > 0 else { return SecretRing(secret, old: kept) }
        guard kept.count < WebhookLimits.oldSecrets else { return nil }
        return SecretRing(secret, old: [Old(secret: present, until: time + UInt64(seconds) * 1_000)] + kept)
    }

    /// The value of `webhook-signature`.
    package func signatures(id: String, timestamp: Int64, body: [UInt8]) -> String {
        signing(at: UInt64(max(0, timestamp)) * 1_000).map { $0.signature(id: id, timestamp: timestamp, body: body) }
            .joined(separator: " ")
    }

    // MARK: As it is kept

    /// `secret until secret until …`, the present one first, with 0.
    package var stored: String {
        ([(present, UInt64(0))] + old.map { ($0.secret, $0.until) }).map { "\($0.text) \($1)" }.joined(separator: " ")
    }

    package init?(stored text: String) {
        let parts = text.split(separator: " ")
        guard parts.count >= 2, parts.count.isMultiple(of: 2), let present = try? WebhookSecret(String(parts[0])) else {
            return nil
        }
        var old: [Old] = []
        for index in stride(from: 2, to: parts.count, by: 2) {
            guard let secret = try? WebhookSecret(String(parts[index])), let until = UInt64(parts[index + 1]) else {
                return nil
            }
            old.append(Old(secret: secret, until: until))
        }
        self.init(present, old: old)
    }
}
