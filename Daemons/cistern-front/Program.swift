// Change bucket and state poll on one port: the whole contract for a machine of one's own.

import ChangeBucket
import Daemon
import OperationService
import StateServing
import WebhookService

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "cistern-front", summary: "Takes changes in and serves states, both on one port.",
            settings: Settings.listener + Settings.limits + Settings.store + Settings.bucket + Settings.webhooks
                + Settings.polling
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let states = StateServing(store, for: daemon)
            let bucket = ChangeBucket(log: store.log, hints: store.hints, commits: store.commits)
            let operations = OperationRoutes(
                log: store.log, subscriber: store.subscriber, keeping: daemon.configuration.operationKeep,
                limit: daemon.configuration.operationLimit)
            let webhooks = WebhookRoutes(log: store.log, rules: daemon.configuration.addressRules)
            let checks = [store.readiness]
            let server = daemon.httpServer(
                roles: [bucket, operations, webhooks] + states.roles, lanes: states.lanes + [bucket], checks: checks)
            return store.services + states.services + [HealthReporter(daemon, log: store.log, checks: checks), server]
        }
    }
}
