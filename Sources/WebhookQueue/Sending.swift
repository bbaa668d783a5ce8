// What couriers do with deliveries: take them, and say how it went.

package import ChangeLog
import Redis
package import Webhooks

/// A delivery in the hands of a courier.
package struct ClaimedDelivery: Sendable {
    package let id: DeliveryID
    /// Without it nobody may say anything about this attempt.
    package let token: String
    /// Counted from 1.
    package let attempt: Int
    package let type: EventType
    package let body: [UInt8]
}

package enum AttemptOutcome: Sendable {
    case succeeded
    case dead
    case retry(after: Duration)
    /// It was not made, and does not count.
    case notMade(again: Duration)
}

extension DeliveryQueue {
    package func claim(
        for webhook: HookName, most: Int, in partition: Partition, lease: Duration
    ) async throws(LogError) -> [ClaimedDelivery] {
        let nonce = String(UInt64.random(in: 0 ... .max), radix: 36)
        let answer = try await run(
            Scripts.claim, in: partition,
            [.string("\(webhook)"), .integer(Int64(most)), .milliseconds(lease), .string(nonce)], isWriting: true)
        return try reading { () throws(RedisError) in
            var claimed: [ClaimedDelivery] = []
            for item in try answer.array(0) {
                // One that another release has made is left to the end of its lease.
                guard let parts = item.array, parts.count == 5, let id = parts[0].string.flatMap({ DeliveryID($0) }),
                    let token = parts[1].string, let attempt = parts[2].integer,
                    let type = parts[3].string.flatMap({ EventType(rawValue: $0) }), let body = parts[4].bytes
                else { continue }
                claimed.append(
                    ClaimedDelivery(id: id, token: token, attempt: Int(attempt), type: type, body: body))
            }
            return claimed
        }
    }

    /// - Returns: false if somebody else has it by now.
    @discardableResult
    package func settle(
        _ delivery: ClaimedDelivery, _ outcome: AttemptOutcome, end: AttemptEnd?, duration: Duration,
        in partition: Partition
    ) async throws(LogError) -> Bool {
        let (what, pause): (String, Duration) =
            switch outcome {
            case .succeeded: ("succeeded", .zero)
            case .dead: ("dead", .zero)
            case .retry(let pause): ("retry", pause)
            case .notMade(let pause): ("back", pause)
            }
        let answer = try await run(
            Scripts.settle, in: partition,
            [
                .string("\(delivery.id)"), .string(delivery.token), .string(what), .milliseconds(pause),
                .milliseconds(duration), .string(end?.text ?? "abandoned"),
            ], isWriting: true)
        return try reading { () throws(RedisError) in
            switch answer.tag {
            case "ok": true
            case "lease-lost": false
            default: throw answer.unexpected
            }
        }
    }

    /// What waits for a webhook is over, a part at a time.
    ///
    /// - Returns: how much it was.
    @discardableResult
    package func drop(
        _ webhook: HookName, as status: DeliveryStatus, in partition: Partition
    ) async throws(LogError) -> Int {
        let answer = try await run(
            Scripts.drop, in: partition, [.string("\(webhook)"), .string(status.rawValue)], isWriting: true)
        return try reading { () throws(RedisError) in Int(clamping: try answer.number(0)) }
    }
}
