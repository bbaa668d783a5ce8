// Takes changes in by PUT and appends them to the log.

import ChangeBucket
import Daemon
import OperationService
import WebhookService

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "change-bucket", summary: "Takes changes in and appends them to the log of their application.",
            settings: Settings.listener + Settings.limits + Settings.store + Settings.bucket + Settings.webhooks
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let bucket = ChangeBucket(log: store.log, hints: store.hints, commits: store.commits)
            let operations = OperationRoutes(
                log: store.log, subscriber: store.subscriber, keeping: daemon.configuration.operationKeep,
                limit: daemon.configuration.operationLimit)
            let webhooks = WebhookRoutes(log: store.log, rules: daemon.configuration.addressRules)
            let checks = [store.readiness]
            let server = daemon.httpServer(roles: [bucket, operations, webhooks], lanes: [bucket], checks: checks)
            return store.services + [HealthReporter(daemon, log: store.log, checks: checks), server]
        }
    }
}
