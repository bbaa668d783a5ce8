// Serves the latest state of every application to anybody who polls.

import Daemon
import StatePoll

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "state-poll", summary: "Serves the latest state of every application to anybody who polls.",
            settings: Settings.listener + Settings.store + Settings.polling
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let states = States(
                log: store.log, hints: store.hints, cache: store.cache,
                configuration: PollConfiguration(
                    tableBytes: daemon.configuration.tableMemory, pollInterval: daemon.configuration.pollInterval),
                logger: daemon.logger)
            let server = daemon.httpServer(
                roles: [
                    StateRoutes(states: states), ManyStatesRoutes(states: states), AdministrationRoutes(log: store.log),
                ],
                lanes: [PollLaneProvider(states: states)], checks: [store.readiness])
            return store.services + [states, server]
        }
    }
}
