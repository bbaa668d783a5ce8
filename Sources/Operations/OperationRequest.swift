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
    package let deadlines: Deadlines
    /// Where in the application's state it is to be seen how it stands.
    package let place: PublicationPlace?
    /// Of the request's value, so that white space and the order of members do not make a repeat look like another operation: 128 bits of
    /// SHA-256 in hexadecimal digits.
    package let digest: String

    private static let members: Set<String> = [
        "kind", "input", "attempts", "priority", "not_before", "deadlines", "publish",
    ]

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
        deadlines = try members["deadlines"].map { value throws(OperationFault) in try Deadlines(value) } ?? Deadlines()
        if let text = try members.text("publish") {
            do throws(PublicationPlace.Fault) { place = try PublicationPlace(text) } catch {
                throw members.fault("publish", error.message)
            }
        } else {
            place = nil
        }
        digest = SHA256.hash(data: document.normalized()).prefix(16).map { Hexadecimal.text($0) }.joined()
    }
}

/// How long what may take; nil for as long as it takes.
package struct Deadlines: Hashable, Sendable {
    /// From when it may first be claimed until its first attempt begins.
    package let start: Duration?
    /// From when an attempt begins, whatever its worker says.
    package let attempt: Duration?
    /// From when it may first be claimed until it is over.
    package let total: Duration?

    private static let members: Set<String> = ["start_s", "attempt_s", "total_s"]

    init() { (start, attempt, total) = (nil, nil, nil) }

    init(_ document: Document) throws(OperationFault) {
        let members = try MemberReading(document, knows: Self.members, at: "/deadlines")
        start = try members.seconds("start_s", in: OperationLimits.deadlines)
        attempt = try members.seconds("attempt_s", in: OperationLimits.deadlines)
        total = try members.seconds("total_s", in: OperationLimits.deadlines)
    }
}
