// What somebody wants to have done.

import Crypto
package import Documents
package import Fold

package struct OperationRequest: Sendable {
    package let kind: OperationKind
    /// Canonical JSON.
    package let input: [UInt8]
    package let attempts: Int
    package let priority: Int
    /// Milliseconds since 1970; 0 for at once.
    package let notBefore: UInt64
    /// Of the request's value, so that white space and the order of members do not make a repeat look like another operation: 128 bits of
    /// SHA-256 in hexadecimal digits.
    package let digest: String

    private static let members: Set<String> = ["kind", "input", "attempts", "priority", "not_before"]

    package init(_ document: Document) throws(OperationFault) {
        let members = try MemberReading(document, knows: Self.members)
        kind = try members.identifier("kind") { text throws(InvalidIdentifier) in try OperationKind(text) }
        input = (members["input"] ?? .null).encoded()
        attempts = try members.integer("attempts", in: OperationLimits.attempts) ?? OperationLimits.usualAttempts
        priority = try members.integer("priority", in: OperationLimits.priorities) ?? OperationLimits.usualPriority
        if let text = try members.text("not_before") {
            guard let time = RFC3339.milliseconds(text) else {
                throw members.fault("not_before", "“not_before” is a time, as 2026-11-21T06:00:00Z.")
            }
            notBefore = time
        } else {
            notBefore = 0
        }
        digest = SHA256.hash(data: document.normalized()).prefix(16).map { Self.hexadecimal($0) }.joined()
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
