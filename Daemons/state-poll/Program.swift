// Serves the latest state of every application to anybody who polls.

import Daemon
import StateServing

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "state-poll", summary: "Serves the latest state of every application to anybody who polls.",
            settings: Settings.listener + Settings.store + Settings.polling
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let states = StateServing(store, for: daemon)
            let server = daemon.httpServer(roles: states.roles, lanes: states.lanes, checks: [store.readiness])
            return store.services + states.services + [server]
        }
    }
}
