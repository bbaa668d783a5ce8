// One attempt from its lease to its end.

import ChangeLog
import Foundation
import Logging
import WebhookQueue
import Webhooks

/// A delivery that a courier has taken.
struct Job: Sendable {
    let delivery: ClaimedDelivery
    let webhook: Webhook
    let partition: Partition
}

struct Attempting: Sendable {
    let queue: DeliveryQueue
    let registry: WebhookRegistry
    let sender: Sender
    let lanes: Lanes
    let metrics: CourierMetrics
    let logger: Logger

    /// More attempts than the schedule has come of couriers that died with it; so many, and it is the delivery that brings them down.
    private static let attemptsOfTheDead = 5
    /// How long an endpoint is left alone at most because it says so, or without its saying so.
    private static let longestRest: Duration = .seconds(300)
    private static let usualRest: Duration = .seconds(1)
    /// Saying how it went is tried again for as long as the lease may last.
    private static let settleAttempts = 5
    private static let settlePause: Duration = .milliseconds(500)

    /// - Returns: the partitions that wait for room.
    func attempt(_ job: Job) async -> Set<Int> {
        let (delivery, schedule) = (job.delivery, job.webhook.subscription.schedule)
        guard delivery.attempt <= schedule.attempts + Self.attemptsOfTheDead else {
            await settle(job, .dead, end: nil, duration: .zero)
            return lanes.ended(.dead, pause: nil, of: job.webhook.name)
        }
        let started = ContinuousClock.now
        let end = await sender.send(delivery.body, as: delivery.id, to: job.webhook)
        let duration = ContinuousClock.now - started
        if Task.isCancelled {
            await settle(job, .notMade(again: .zero), end: nil, duration: duration)
            return lanes.ended(.dead, pause: nil, of: job.webhook.name)
        }
        let verdict = Verdict(end, now: UInt64(max(0, Date.now.timeIntervalSince1970 * 1_000)))
        var rest: Duration?
        let outcome: AttemptOutcome
        switch verdict {
        case .delivered: outcome = .succeeded
        case .dead, .gone: outcome = .dead
        case .retry(let wished, let slower):
            let pause = schedule.pause(afterAttempt: delivery.attempt, wished: wished, chance: .random(in: 0...1))
            outcome = pause.map { .retry(after: $0) } ?? .dead
            if slower { rest = min(wished ?? Self.usualRest, Self.longestRest) }
        }
        let isLast = if case .dead = outcome { true } else { false }
        metrics.attempted(verdict, isLast: isLast, for: duration)
        await settle(job, outcome, end: end, duration: duration)
        await report(verdict, of: job.webhook)
        return lanes.ended(verdict, pause: rest, of: job.webhook.name)
    }

    private func settle(_ job: Job, _ outcome: AttemptOutcome, end: AttemptEnd?, duration: Duration) async {
        for attempt in 1...Self.settleAttempts {
            do {
                let isOurs = try await queue.settle(
                    job.delivery, outcome, end: end, duration: duration, in: job.partition)
                if !isOurs, attempt == 1 {
                    logger.info("Somebody else has a delivery by now", metadata: ["delivery": "\(job.delivery.id)"])
                }
                return
            } catch {
                metrics.failed()
                logger.debug("An attempt's end could not be told", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.settlePause)
            }
        }
        // Its lease runs out, and it is sent once more.
    }

    /// How the endpoint is. Nothing of it is lost if this is: the next attempt says the same.
    private func report(_ verdict: Verdict, of webhook: Webhook) async {
        let report: WebhookRegistry.Report? =
            switch verdict {
            case .delivered: webhook.failingSince == nil ? nil : .success
            case .retry, .dead: .failure
            case .gone: .gone
            }
        guard let report else { return }
        do { try await registry.report(report, of: webhook.name) } catch { metrics.failed() }
    }
}
