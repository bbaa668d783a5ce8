// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers): what a client may, and what is left of it.

package import HTTPTypes
import RateLimits

/// Whose limit it is, as the fields name it.
package enum RatePolicy: String, Sendable {
    case client
    case application
    /// Applications that a client begins to push to.
    case applications
}

/// The fields for one kind of work.
package struct RateFields: Sendable {
    /// The value of RateLimit-Policy, which never changes.
    private let policy: String
    private let policyLine: [UInt8]

    init(client: RateLimit?, application: RateLimit?) {
        policy = [(RatePolicy.client, client), (.application, application)].compactMap { name, limit in
            limit.map { "\"\(name.rawValue)\";q=\($0.burst);w=\(Self.seconds($0.window))" }
        }.joined(separator: ", ")
        policyLine = Array("RateLimit-Policy: \(policy)\r\nRateLimit: ".utf8)
    }

    /// What is said in one answer.
    package struct Present: Sendable {
        private let policy: RateFields
        private let client: Standing?
        private let application: Standing?

        fileprivate init(_ policy: RateFields, _ client: Standing?, _ application: Standing?) {
            self.policy = policy
            self.client = client
            self.application = application
        }

        package var fields: HTTPFields {
            [.rateLimitPolicy: policy.policy, .rateLimit: String(decoding: value, as: UTF8.self)]
        }

        /// The same as lines of a head.
        var lines: [UInt8] {
            var lines = policy.policyLine
            append(to: &lines)
            lines.append(Byte.carriageReturn)
            lines.append(Byte.lineFeed)
            return lines
        }

        private var value: [UInt8] {
            var value: [UInt8] = []
            append(to: &value)
            return value
        }

        private func append(to bytes: inout [UInt8]) {
            if let client { Self.append(.client, client, to: &bytes) }
            if client != nil, application != nil { bytes.append(contentsOf: ", ".utf8) }
            if let application { Self.append(.application, application, to: &bytes) }
        }

        private static func append(_ name: RatePolicy, _ standing: Standing, to bytes: inout [UInt8]) {
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: name.rawValue.utf8)
            bytes.append(contentsOf: "\";r=".utf8)
            append(UInt64(standing.remaining), to: &bytes)
            bytes.append(contentsOf: ";t=".utf8)
            append(seconds(standing.reset), to: &bytes)
        }

        /// Polls are to have it, too: a text made for each number would cost them more than all else of a limit.
        private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
            if number >= 10 { append(number / 10, to: &bytes) }
            bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
        }
    }

    /// Nil if nothing is known of either.
    func present(client: Standing?, application: Standing?) -> Present? {
        client == nil && application == nil ? nil : Present(self, client, application)
    }

    /// Rounded up, since whoever comes a second too early is refused.
    fileprivate static func seconds(_ nanoseconds: UInt64) -> UInt64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
}

extension HTTPFields {
    init(_ present: RateFields.Present?) { self = present?.fields ?? HTTPFields() }
}
