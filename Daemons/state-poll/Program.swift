// Serves the latest state of every application to anybody who polls.

import Daemon
import StateServing

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "state-poll", summary: "Serves the latest state of every application to anybody who polls.",
            settings: Settings.listener + Settings.limits + Settings.store + Settings.polling
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let states = StateServing(store, for: daemon)
            let checks = [store.readiness]
            let server = daemon.httpServer(roles: states.roles, lanes: states.lanes, checks: checks)
            return store.services + states.services + [HealthReporter(daemon, log: store.log, checks: checks), server]
        }
    }
}
