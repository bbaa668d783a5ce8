// What workers say.

package import Documents
package import Fold

/// Asks for operations to work on.
package struct ClaimRequest: Sendable {
    package let worker: WorkerID
    package let kinds: [OperationKind]
    /// Nil for all.
    package let applications: [ApplicationID]?
    package let most: Int
    package let lease: Duration
    package let wait: Duration

    private static let members: Set<String> = ["worker", "kinds", "apps", "max", "lease_s", "wait_s"]

    package init(_ document: Document) throws(OperationFault) {
        let members = try MemberReading(document, knows: Self.members)
        worker = try members.identifier("worker") { text throws(InvalidIdentifier) in try WorkerID(text) }
        let kinds = try members.identifiers("kinds", count: OperationLimits.claimedKinds) {
            text throws(InvalidIdentifier) in try OperationKind(text)
        }
        guard let kinds else { throw OperationFault("The member “kinds” is missing.") }
        self.kinds = kinds
        applications = try members.identifiers("apps", count: OperationLimits.claimedApplications) {
            text throws(InvalidIdentifier) in try ApplicationID(text)
        }
        most = try members.integer("max", in: OperationLimits.claimedAtOnce) ?? 1
        lease = try members.seconds("lease_s", in: OperationLimits.leases) ?? OperationLimits.usualLease
        wait = try members.seconds("wait_s", in: OperationLimits.claimWaits) ?? .zero
    }
}

/// Says that a worker is at work.
package struct Heartbeat: Sendable {
    /// Canonical JSON of how far it is; nil leaves it as it was.
    package let progress: [UInt8]?
    /// Canonical JSON of what the next attempt is given; nil leaves it as it was.
    package let checkpoint: [UInt8]?
    /// From now on; nil for as long as it was claimed.
    package let lease: Duration?

    private static let members: Set<String> = ["progress", "checkpoint", "extend_s"]
    static let progressMembers: Set<String> = ["percent", "completed", "total", "message"]

    package init(_ document: Document) throws(OperationFault) {
        let members = try MemberReading(document, knows: Self.members)
        if let progress = members["progress"] { try Self.check(progress) }
        progress = try members.json("progress", upTo: OperationLimits.progressBytes)
        checkpoint = try members.json("checkpoint", upTo: OperationLimits.checkpointBytes)
        lease = try members.seconds("extend_s", in: OperationLimits.leases)
    }

    private static func check(_ progress: Document) throws(OperationFault) {
        let members = try MemberReading(progress, knows: progressMembers, at: "/progress")
        if let percent = members["percent"] {
            guard let number = percent.numberSpelling.flatMap({ Double($0) }), (0...100).contains(number) else {
                throw members.fault("percent", "“percent” is a number from 0 to 100.")
            }
        }
        for name in ["completed", "total"] { _ = try members.integer(name, in: 0...Int(maximumLogNumber)) }
        _ = try members.text("message")
    }
}

/// Says that a worker could not do it.
package struct FailureReport: Sendable {
    /// Canonical JSON: an object.
    package let error: [UInt8]
    package let isRetryable: Bool
    /// Nil for one that grows with the attempts.
    package let pause: Duration?

    private static let members: Set<String> = ["error", "retryable", "retry_after_s"]

    package init(_ document: Document) throws(OperationFault) {
        let members = try MemberReading(document, knows: Self.members)
        guard members["error"]?.kind == .object else { throw members.fault("error", "“error” is an object.") }
        error = try members.json("error", upTo: OperationLimits.errorBytes) ?? []
        guard let isRetryable = try members.flag("retryable") else {
            throw OperationFault("The member “retryable” is missing.")
        }
        self.isRetryable = isRetryable
        pause = try members.seconds("retry_after_s", in: OperationLimits.retryPauses)
    }
}
