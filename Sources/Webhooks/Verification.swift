// What a receiver looks at before it believes a request (Standard Webhooks, “Verifying webhook authenticity”). Pure: time comes from outside.

import Crypto
import FoundationEssentials

/// Why a request is not believed.
package enum VerificationFault: Error, Equatable, Sendable {
    /// A field is not there.
    case missing(String)
    /// `webhook-timestamp` is no number of seconds.
    case malformedTimestamp
    /// It was sent too long ago by the receiver's clock, or will be: it may be an old one that somebody has kept. Seconds, negative for what is still to come.
    case untimely(age: Int64)
    /// None of the signatures is of one of the secrets and these bytes.
    case unsigned
}

/// A request that is believed.
package struct VerifiedRequest: Equatable, Sendable {
    /// The same in each attempt and replay of a delivery.
    package let id: String
    /// Seconds since 1970, when the attempt was made.
    package let timestamp: Int64
}

package struct WebhookVerifier: Sendable {
    /// Seconds by which a request may be older, or its sender's clock ahead.
    package static let tolerance: Int64 = 300
    /// Signatures of one request that are looked at: a sender has ten old secrets at most.
    private static let mostSignatures = 32

    private let secrets: [WebhookSecret]

    /// - Parameter secrets: any of which may have signed; several while one is replaced.
    package init(_ secrets: [WebhookSecret]) { self.secrets = secrets }

    /// - Parameters:
    ///   - field: the value of a header field by its name in lower case.
    ///   - now: seconds since 1970.
    package func verify(
        field: (String) -> String?, body: [UInt8], now: Int64
    ) throws(VerificationFault) -> VerifiedRequest {
        func required(_ name: String) throws(VerificationFault) -> String {
            guard let value = field(name), !value.isEmpty else { throw .missing(name) }
            return value
        }
        let id = try required("webhook-id")
        let time = try required("webhook-timestamp")
        let signatures = try required("webhook-signature")
        guard time.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let timestamp = Int64(time)
        else { throw .malformedTimestamp }
        let age = now - timestamp
        guard abs(age) <= Self.tolerance else { throw .untimely(age: age) }
        let given = signatures.split(separator: " ").prefix(Self.mostSignatures)
        guard
            given.contains(where: { signature in
                secrets.contains { $0.hasSigned(signature, id: id, timestamp: timestamp, body: body) }
            })
        else { throw .unsigned }
        return VerifiedRequest(id: id, timestamp: timestamp)
    }
}

extension WebhookSecret {
    /// Takes as long for a wrong signature as for the right one.
    ///
    /// - Parameter signature: one of them, as `v1,…`; of other kinds nothing is known.
    package func hasSigned(
        _ signature: some StringProtocol, id: String, timestamp: Int64, body: [UInt8]
    ) -> Bool {
        let mark = "v1,"
        guard signature.hasPrefix(mark), let code = Data(base64Encoded: String(signature.dropFirst(mark.count))) else {
            return false
        }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Self.signed(id: id, timestamp: timestamp, body: body),
            using: SymmetricKey(data: bytes))
    }
}
