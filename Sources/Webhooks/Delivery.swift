// One event on its way to one webhook.

package import Documents
package import Fold

/// Where a delivery stands.
///
///     pending → delivering → succeeded | dead; → retrying → delivering …
///     pending, retrying → skipped when its webhook is disabled, → discarded when it is deleted
package enum DeliveryStatus: String, CaseIterable, Sendable {
    /// Was not tried yet.
    case pending
    /// A courier is at it.
    case delivering
    /// Waits for the time of its next attempt.
    case retrying
    case succeeded
    /// None of its attempts arrived.
    case dead
    /// Its webhook is, or was, disabled. Can be recovered.
    case skipped
    /// Its webhook is deleted.
    case discarded

    /// Whether nothing will become of it by itself.
    package var isOver: Bool {
        switch self {
        case .pending, .delivering, .retrying: false
        case .succeeded, .dead, .skipped, .discarded: true
        }
    }
}

/// What everybody may see of a delivery.
package struct DeliveryDocument: Sendable {
    package let id: DeliveryID
    package let webhook: HookName
    package let event: String
    package let type: EventType
    package let application: ApplicationID?
    package let status: DeliveryStatus
    package let attempt: Int
    /// Milliseconds since 1970, by the clock of Redis.
    package let created: UInt64
    package let updated: UInt64
    /// When it is tried next; nil if it is over.
    package let next: UInt64?
    /// How the last attempt went; a replay does not forget it.
    package let last: AttemptRecord?

    package init(
        id: DeliveryID, webhook: HookName, event: String, type: EventType, application: ApplicationID?,
        status: DeliveryStatus, attempt: Int, created: UInt64, updated: UInt64, next: UInt64?,
        last: AttemptRecord? = nil
    ) {
        self.id = id
        self.webhook = webhook
        self.event = event
        self.type = type
        self.application = application
        self.status = status
        self.attempt = attempt
        self.created = created
        self.updated = updated
        self.next = next
        self.last = last
    }

    package var path: String { "/v1/deliveries/\(id)" }

    package var document: Document {
        var members: [(String, Document)] = [
            ("id", .string("\(id)")), ("webhook", .string("\(webhook.id)")), ("type", .string(type.rawValue)),
            ("status", .string(status.rawValue)), ("done", .bool(status.isOver)), ("attempts", .integer(attempt)),
            ("created_at", .string(RFC3339.string(milliseconds: created))),
            ("updated_at", .string(RFC3339.string(milliseconds: updated))),
        ]
        if let application { members.append(("app", .string("\(application)"))) }
        if let next { members.append(("next_attempt_at", .string(RFC3339.string(milliseconds: next)))) }
        if let last { members.append(("last_attempt", last.document)) }
        return .object(members)
    }
}

/// What is remembered of one attempt.
package struct AttemptRecord: Sendable, Equatable {
    /// Milliseconds since 1970 at its end.
    package let time: UInt64
    /// Milliseconds.
    package let duration: UInt64
    /// Counted from 1.
    package let attempt: Int
    /// The answer's status, or a word for why there was none.
    package let end: String

    package init(time: UInt64, duration: UInt64, attempt: Int, end: String) {
        self.time = time
        self.duration = duration
        self.attempt = attempt
        self.end = end
    }

    /// `time duration attempt end`, as the scripts keep it.
    package init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 3)
        guard parts.count == 4, let time = UInt64(parts[0]), let duration = UInt64(parts[1]),
            let attempt = Int(parts[2])
        else { return nil }
        self.init(time: time, duration: duration, attempt: attempt, end: String(parts[3]))
    }

    package var document: Document {
        var members: [(String, Document)] = [
            ("attempt", .integer(attempt)), ("at", .string(RFC3339.string(milliseconds: time))),
            ("duration_ms", .integer(duration)),
        ]
        if let status = Int(end) {
            members.append(("status", .integer(status)))
        } else {
            members.append(("error", .string(end)))
        }
        return .object(members)
    }
}
