// Takes changes in by PUT and appends them to the log.

import Daemon
import PushServing

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "change-bucket", summary: "Takes changes in and appends them to the log of their application.",
            settings: Settings.listener + Settings.limits + Settings.store + Settings.bucket + Settings.webhooks
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let pushes = PushServing(store, for: daemon)
            let checks = [store.readiness]
            let server = daemon.httpServer(roles: pushes.roles, lanes: pushes.lanes, checks: checks)
            return store.services + [HealthReporter(daemon, log: store.log, checks: checks), server]
        }
    }
}
