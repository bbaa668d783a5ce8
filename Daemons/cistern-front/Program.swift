// Change bucket and state poll on one port: the whole contract for a machine of one's own.

import ChangeBucket
import Daemon
import StatePoll

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "cistern-front", summary: "Takes changes in and serves states, both on one port.",
            settings: Settings.listener + Settings.store + Settings.bucket + Settings.polling
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let states = States(
                log: store.log, hints: store.hints, cache: store.cache,
                configuration: PollConfiguration(
                    tableBytes: daemon.configuration.tableMemory, pollInterval: daemon.configuration.pollInterval),
                logger: daemon.logger)
            let bucket = ChangeBucket(log: store.log, hints: store.hints, eventLoopGroup: daemon.eventLoopGroup)
            let server = daemon.httpServer(
                roles: [
                    bucket, StateRoutes(states: states), ManyStatesRoutes(states: states),
                    AdministrationRoutes(log: store.log),
                ],
                lanes: [PollLaneProvider(states: states), bucket], checks: [store.readiness])
            return store.services + [states, server]
        }
    }
}
