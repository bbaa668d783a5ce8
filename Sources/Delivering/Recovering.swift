// Works on recoveries, which are long-running operations: one after the other, partition by partition, and goes on from there after a crash.

import ChangeLog
import Documents
import Fold
import Logging
import OperationQueue
import Operations
import WebhookQueue
import Webhooks

struct Recovering: Sendable {
    let operations: OperationQueue
    let queue: DeliveryQueue
    let hooks: HookList
    let logger: Logger

    private static let lease: Duration = .seconds(30)

    private struct LeaseLost: Error {}

    /// Takes one recovery, if there is one, and does it.
    ///
    /// - Returns: whether there was one.
    func work() async throws(LogError) -> Bool {
        let application = RecoveryOperation.application
        let claimed = try await operations.claim(
            in: operations.partition(of: application), by: RecoveryOperation.worker, kinds: [RecoveryOperation.kind],
            of: [application],
            most: 1, lease: Self.lease)
        guard let operation = claimed.operations.first else { return false }
        let name = OperationName(operation.document.id, of: application)
        do {
            let result = try await recover(operation, name)
            _ = try await operations.succeed(
                name, token: operation.token, mediaType: "application/json", result: result.encoded())
        } catch is LeaseLost {
            // Somebody else goes on, or nobody wants it any more.
        } catch let fault as WebhookFault {
            try await fail(operation, name, code: "recovery-impossible", message: fault.message, isRetryable: false)
        } catch {
            logger.warning("A recovery failed", metadata: ["error": "\(error)"])
            try await fail(
                operation, name, code: "store-unavailable", message: "The store did not answer.", isRetryable: true)
        }
        return true
    }

    private func fail(
        _ operation: ClaimedOperation, _ name: OperationName, code: String, message: String, isRetryable: Bool
    ) async throws(LogError) {
        let report = Document.object([
            ("error", .object([("code", .string(code)), ("message", .string(message))])),
            ("retryable", .bool(isRetryable)),
        ])
        guard let report = try? FailureReport(report) else { return }
        _ = try await operations.fail(report, for: name, token: operation.token)
    }

    private func recover(_ operation: ClaimedOperation, _ name: OperationName) async throws -> Document {
        guard let wish = RecoveryOperation.read(try Document(parsing: operation.input)) else {
            throw WebhookFault(OperationFault("This is no recovery.", at: "/input"))
        }
        try await hooks.refresh()
        guard let webhook = hooks[wish.webhook] else {
            throw WebhookFault(OperationFault("The webhook is not there any more.", at: "/input/webhook"))
        }
        let checkpoint = operation.checkpoint.isEmpty ? nil : try Document(parsing: operation.checkpoint)
        let first = checkpoint?["partition"]?.integerValue ?? 0
        var count = checkpoint?["deliveries"]?.integerValue ?? 0
        let partitions = queue.partitions
        for partition in partitions.dropFirst(first) {
            guard !Task.isCancelled else {
                _ = try await operations.giveBack(name, token: operation.token)
                throw LeaseLost()
            }
            count += try await requeue(webhook, wish.since, wish.until, wish.scope, in: partition)
            count += try await makeMissing(webhook, wish.since, wish.until, in: partition)
            if webhook.subscription.types.contains(.stateChanged) { try await markStates(in: partition) }
            try await beat(operation, name, partition.number + 1, of: partitions.count, count)
        }
        return .object([("webhook", .string("\(webhook.id)")), ("deliveries", .integer(count))])
    }

    private func requeue(
        _ webhook: Webhook, _ since: UInt64, _ until: UInt64, _ scope: RecoverRequest.Scope, in partition: Partition
    ) async throws(LogError) -> Int {
        var (looked, again) = (0, 0)
        while true {
            let step = try await queue.requeue(
                webhook.name, since: since, until: until, skipping: looked, includingArrived: scope == .all,
                in: partition)
            if step.looked == 0 { return again }
            looked += step.looked
            again += step.again
        }
    }

    /// Events of which no delivery was made, because there was no such webhook, or because Redis has lost it.
    private func makeMissing(
        _ webhook: Webhook, _ since: UInt64, _ until: UInt64, in partition: Partition
    ) async throws(LogError) -> Int {
        var after: String?
        var made = 0
        while true {
            let slice = try await queue.events(in: partition, since: since, until: until, after: after)
            if slice.isEmpty { return made }
            after = slice.next
            let all = hooks.webhooks
            let deliveries = slice.events.filter { FanOut.wants(webhook, $0, all) }.map { event in
                NewDelivery(
                    id: DeliveryID(partition: partition.number, event: event.id, to: webhook.name),
                    webhook: webhook.name, event: event, isSkipped: false)
            }
            if !deliveries.isEmpty { made += try await queue.fanOut(deliveries, of: nil, in: partition) ?? 0 }
        }
    }

    /// Of states it is the last version that matters; what it is the partition knows.
    private func markStates(in partition: Partition) async throws(LogError) {
        var after: String?
        repeat { after = try await queue.markAll(in: partition, after: after) } while after != nil
    }

    private func beat(
        _ operation: ClaimedOperation, _ name: OperationName, _ done: Int, of total: Int, _ count: Int
    ) async throws {
        let heartbeat = try Heartbeat(
            .object([
                ("progress", .object([("completed", .integer(done)), ("total", .integer(total))])),
                ("checkpoint", .object([("partition", .integer(done)), ("deliveries", .integer(count))])),
            ]))
        switch try await operations.heartbeat(heartbeat, for: name, token: operation.token) {
        case .done(let answer), .known(let answer):
            // Nobody wants it: the lease is given back, which ends it.
            guard answer.isCancelRequested else { return }
            _ = try await operations.giveBack(name, token: operation.token)
            throw LeaseLost()
        case .leaseLost, .gone, .unknown: throw LeaseLost()
        }
    }
}
