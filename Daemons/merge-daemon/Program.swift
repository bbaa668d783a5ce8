// Folds the log of changes into states, and publishes them.

import Daemon
import HTTPService
import Merging

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "merge-daemon",
            summary: "Folds the changes of each application into its state, and publishes it to memcached.",
            settings: Settings.listener + Settings.store + Settings.merging
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let merging = MergeDaemon(
                log: store.log, hints: store.hints, cache: store.cache, configuration: daemon.configuration.merging,
                logger: daemon.logger)
            let share = ReadinessCheck("partitions") {
                await merging.isReady ? .ready() : .notReady("It has not found out yet which partitions to work on.")
            }
            return store.services + [daemon.httpServer(checks: [store.readiness, share]), merging]
        }
    }
}

extension DaemonConfiguration {
    fileprivate var merging: MergeConfiguration {
        var merging = MergeConfiguration(name: MergeConfiguration.uniqueName())
        merging.lease = leaseTime
        merging.sweepInterval = sweepInterval
        merging.checkpointChanges = checkpointChanges
        merging.checkpointInterval = checkpointAfter
        merging.documentBytes = documentsMemory
        return merging
    }
}
