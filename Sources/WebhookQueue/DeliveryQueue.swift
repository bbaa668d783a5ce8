// Events and deliveries as they stand in Redis. Each call is one script, atomic in its partition. All that is decided is decided there: this
// only asks.

package import ChangeLog
package import Fold
import Redis
package import Webhooks

package struct DeliveryQueue: Sendable {
    private let log: ChangeLog

    package init(log: ChangeLog) {
        self.log = log
    }

    package var partitions: [Partition] { log.partitions }

    package func partition(of application: ApplicationID) -> Partition { log.partition(of: application) }

    /// Where that is kept which is of no application: that of one with the webhook's name.
    package func partition(of webhook: WebhookID) -> Partition {
        guard let name = try? ApplicationID("\(webhook)") else { return partitions[0] }
        return log.partition(of: name)
    }

    /// Nil for a name that no delivery of this store has.
    package func partition(of delivery: DeliveryID) -> Partition? {
        partitions.indices.contains(delivery.partition) ? partitions[delivery.partition] : nil
    }

    func run(
        _ script: RedisScript, in partition: Partition, _ arguments: [RedisArgument] = [], isWriting: Bool = false
    ) async throws(LogError) -> ScriptAnswer {
        try await log.run(script, in: partition, keys: [], RedisArguments(arguments), isWriting: isWriting)
    }
}

/// What there is to do in a partition.
package struct PartitionWork: Sendable {
    package let hasEvents: Bool
    package let hasChangedStates: Bool
    /// Whether some application has a log, and so may have a new version.
    package let hasDirtyStates: Bool
    /// Those that have deliveries that are due.
    package let webhooks: [HookName]
    /// How long until a delivery falls due; nil if none waits.
    package let nextDue: Duration?
}

/// A delivery to be made.
package struct NewDelivery: Sendable {
    package let id: DeliveryID
    package let webhook: HookName
    package let event: WebhookEvent
    package let isSkipped: Bool

    package init(id: DeliveryID, webhook: HookName, event: WebhookEvent, isSkipped: Bool) {
        self.id = id
        self.webhook = webhook
        self.event = event
        self.isSkipped = isSkipped
    }
}

/// Events in the order in which they happened, and where they end.
package struct EventSlice: Sendable {
    package let cursor: String
    /// Behind the last of them.
    package let next: String
    package let events: [WebhookEvent]
    /// Whether there was anything, readable or not.
    package let isEmpty: Bool
}

extension DeliveryQueue {
    package func look(at partition: Partition) async throws(LogError) -> PartitionWork {
        let answer = try await run(Scripts.look, in: partition)
        return try reading { () throws(RedisError) in
            PartitionWork(
                hasEvents: try answer.number(0) == 1, hasChangedStates: try answer.number(1) > 0,
                hasDirtyStates: try answer.number(2) > 0,
                webhooks: try answer.array(3).compactMap { $0.string.flatMap { HookName($0) } },
                nextDue: Int64(try answer.text(4)).map { .milliseconds($0) })
        }
    }

    // MARK: Events

    /// The events behind the cursor, as many as are read at once.
    package func events(in partition: Partition) async throws(LogError) -> EventSlice {
        try await events(in: partition, from: "", to: "")
    }

    /// Those of a time, whether they were told or not.
    ///
    /// - Parameter after: where the last slice ended; nil for the first one.
    package func events(
        in partition: Partition, since: UInt64, until: UInt64, after: String?
    ) async throws(LogError) -> EventSlice {
        try await events(in: partition, from: after.map { "(\($0)" } ?? "\(since)", to: "\(until)")
    }

    private func events(in partition: Partition, from: String, to: String) async throws(LogError) -> EventSlice {
        let answer = try await run(Scripts.events, in: partition, [.string(from), .string(to)])
        return try reading { () throws(RedisError) in
            let cursor = try answer.text(0)
            let entries = try answer.array(1)
            var next = cursor
            var events: [WebhookEvent] = []
            for entry in entries {
                guard let parts = entry.array, parts.count == 2, let id = parts[0].string else {
                    throw answer.unexpected
                }
                next = id
                // What another release has written is passed over.
                if let event = WebhookEvent(streamed: parts[1].array ?? [], id: id, in: partition) {
                    events.append(event)
                }
            }
            return EventSlice(cursor: cursor, next: next, events: events, isEmpty: entries.isEmpty)
        }
    }

    /// Makes deliveries of the events behind a cursor, and moves it.
    ///
    /// - Parameter slice: nil for deliveries besides, which leave the cursor alone.
    /// - Returns: how many are new; nil if somebody else has moved the cursor.
    @discardableResult
    package func fanOut(
        _ deliveries: [NewDelivery], of slice: EventSlice?, in partition: Partition
    ) async throws(LogError) -> Int? {
        var payloads: [(name: String, body: [UInt8])] = []
        for delivery in deliveries where payloads.last?.name != delivery.event.id {
            payloads.append((delivery.event.id, delivery.event.body))
        }
        var arguments: [RedisArgument] = [
            .string(slice?.cursor ?? ""), .string(slice?.next ?? ""), .integer(Int64(payloads.count)),
        ]
        for payload in payloads { arguments += [.string(payload.name), .bytes(payload.body)] }
        for delivery in deliveries {
            arguments += [
                .string("\(delivery.id)"), .string("\(delivery.webhook)"), .string(delivery.event.id),
                .string(delivery.event.type.rawValue),
                .string(delivery.event.application.map { "\($0)" } ?? ""),
                .string(delivery.isSkipped ? "skipped" : "pending"), .string(delivery.event.id),
            ]
        }
        let answer = try await run(Scripts.fanOut, in: partition, arguments, isWriting: true)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": Int(clamping: try answer.number(0))
            case "stale": nil
            default: throw answer.unexpected
            }
        }
    }

    /// A webhook is disabled: an event for those that asked to be told.
    package func tellDisabled(_ webhook: Webhook) async throws(LogError) {
        guard case .disabled(let reason, let since) = webhook.status else { return }
        _ = try await run(
            Scripts.emit, in: partition(of: webhook.id),
            [
                .string("\(webhook.name) \(since)"), "type", .string(EventType.webhookDisabled.rawValue), "hook",
                .string("\(webhook.name)"), "reason",
                .string(reason.rawValue),
            ], isWriting: true)
    }
}
