// What people ask of deliveries: how they stand, and that they begin anew.

package import ChangeLog
package import Fold
import Redis
package import Webhooks

package struct DeliveryQuestion: Sendable {
    package var webhook: WebhookID?
    package var status: DeliveryStatus?
    /// Milliseconds since 1970, both included.
    package var since: UInt64
    package var until: UInt64
    package var most: Int

    package init(webhook: WebhookID?, status: DeliveryStatus?, since: UInt64, until: UInt64, most: Int) {
        self.webhook = webhook
        self.status = status
        self.since = since
        self.until = until
        self.most = most
    }
}

package enum ReplayAnswer: Sendable {
    case again(DeliveryDocument)
    /// It is not over.
    case alive(DeliveryDocument)
    /// Its bytes are not kept any more.
    case expired
    case unknown
}

extension DeliveryQueue {
    package func delivery(_ id: DeliveryID) async throws(LogError) -> (DeliveryDocument, [AttemptRecord])? {
        guard let partition = partition(of: id) else { return nil }
        let answer = try await run(Scripts.get, in: partition, [.string("\(id)")])
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok":
                (
                    try DeliveryDocument(answer.array(0)),
                    try answer.array(1).compactMap { $0.string.flatMap { AttemptRecord($0) } }
                )
            case "unknown": nil
            default: throw answer.unexpected
            }
        }
    }

    /// - Returns: deliveries, the newest first, and since when these are all.
    package func deliveries(
        _ question: DeliveryQuestion, in partition: Partition
    ) async throws(LogError) -> (found: [DeliveryDocument], completeSince: UInt64) {
        let answer = try await run(
            Scripts.list, in: partition,
            [
                .string(question.webhook.map { "\($0)" } ?? ""), .string(question.status?.rawValue ?? ""),
                .number(question.since), .number(question.until), .integer(Int64(question.most)),
            ])
        return try reading { () throws(RedisError) in
            // Those that another release has made are passed over.
            let found = try answer.array(1).compactMap { try? DeliveryDocument($0.array ?? []) }
            return (found, UInt64(try answer.text(0)) ?? question.since)
        }
    }

    package func replay(_ id: DeliveryID) async throws(LogError) -> ReplayAnswer {
        guard let partition = partition(of: id) else { return .unknown }
        let answer = try await run(Scripts.replay, in: partition, [.string("\(id)")], isWriting: true)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": .again(try DeliveryDocument(answer.array(0)))
            case "alive": .alive(try DeliveryDocument(answer.array(0)))
            case "expired": .expired
            case "unknown": .unknown
            default: throw answer.unexpected
            }
        }
    }

    /// Deliveries of a webhook that were made in a time begin anew, a part at a call.
    ///
    /// - Parameters:
    ///   - skipping: how many of them earlier calls have looked at.
    ///   - includingArrived: those that have arrived, too.
    /// - Returns: how many this call has looked at, none behind the last one; and how many begin anew.
    package func requeue(
        _ webhook: HookName, since: UInt64, until: UInt64, skipping: Int, includingArrived: Bool,
        in partition: Partition
    ) async throws(LogError) -> (looked: Int, again: Int) {
        let answer = try await run(
            Scripts.requeue, in: partition,
            [
                .string("\(webhook)"), .number(since), .number(until), .integer(Int64(skipping)),
                includingArrived ? "1" : "0",
            ], isWriting: true)
        return try reading { () throws(RedisError) in
            (Int(clamping: try answer.number(0)), Int(clamping: try answer.number(1)))
        }
    }
}

extension DeliveryDocument {
    /// As document() in common.lua gives it.
    init(_ fields: [RESPValue]) throws(RedisError) {
        let fields = fields.compactMap(\.string)
        guard fields.count == 11, let id = DeliveryID(fields[9]), let webhook = HookName(fields[0]),
            let type = EventType(rawValue: fields[2]), let status = DeliveryStatus(rawValue: fields[4]),
            let created = UInt64(fields[6]), let updated = UInt64(fields[7])
        else { throw RedisError.unexpectedReply("the fields of a delivery are not those that its scripts write") }
        self.init(
            id: id, webhook: webhook, event: fields[1], type: type, application: try? ApplicationID(fields[3]),
            status: status, attempt: Int(fields[5]) ?? 0, created: created, updated: updated, next: UInt64(fields[8]),
            last: AttemptRecord(fields[10]))
    }
}
