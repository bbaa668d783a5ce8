// Folds the log of changes into states, and publishes them.

import Daemon
import Documents
import HTTPService
import Merging
import OperationQueue

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
                log: store.log, hints: store.hints, cache: store.cache,
                configuration: daemon.configuration.merging(as: daemon.instance),
                logger: daemon.logger)
            let share = ReadinessCheck("partitions") {
                merging.isReady ? .ready() : .notReady("It has not found out yet which partitions to work on.")
            }
            let checks = [store.readiness, share]
            let reporter = HealthReporter(daemon, log: store.log, checks: checks) {
                [("partitions", .array(merging.partitions.map { .integer($0) }))]
            }
            let operations = OperationQueue(log: store.log)
            let publisher = OperationPublisher(
                queue: operations, hints: WorkHints(subscriber: store.subscriber, queue: operations),
                logger: daemon.logger
            ) { merging.worksIn }
            return store.services + [reporter, daemon.httpServer(checks: checks), publisher, merging]
        }
    }
}

extension DaemonConfiguration {
    fileprivate func merging(as name: String) -> MergeConfiguration {
        var merging = MergeConfiguration(name: name)
        merging.lease = leaseTime
        merging.sweepInterval = sweepInterval
        merging.checkpointChanges = checkpointChanges
        merging.checkpointInterval = checkpointAfter
        merging.documentBytes = documentsMemory
        return merging
    }
}
