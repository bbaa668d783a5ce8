// What takes in changes, operations and webhooks, put together once for all programs that do.

import ChangeBucket
package import Daemon
package import HTTPService
import OperationService
import WebhookService

package struct PushServing: Sendable {
    package let roles: [any RouteProvider]
    package let lanes: [any ExpressLaneProvider]

    package init(_ store: Store, for daemon: Daemon) {
        let settings = daemon.configuration
        let bucket = ChangeBucket(log: store.log, hints: store.hints, commits: store.commits)
        roles = [
            bucket,
            OperationRoutes(
                log: store.log, subscriber: store.subscriber, keeping: settings.operationKeep,
                limit: settings.operationLimit),
            WebhookRoutes(log: store.log, rules: settings.addressRules),
        ]
        lanes = [bucket]
    }
}
