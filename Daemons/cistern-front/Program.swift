// Change bucket and state poll on one port: the whole contract for a machine of one's own.

import Daemon
import PushServing
import StateServing

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
            let pushes = PushServing(store, for: daemon)
            let checks = [store.readiness]
            let server = daemon.httpServer(
                roles: pushes.roles + states.roles, lanes: states.lanes + pushes.lanes, checks: checks)
            return store.services + states.services + [HealthReporter(daemon, log: store.log, checks: checks), server]
        }
    }
}
