// Sends webhooks.

import Daemon
import Delivering
import Documents
import HTTPService
import NIOCore

@main
struct Program {
    static func main() async {
        await DaemonProgram(
            "courier", summary: "Sends webhooks: events become deliveries, which are signed, sent and tried again.",
            settings: Settings.listener + Settings.store + Settings.webhooks + Settings.courier
        ).run { daemon in
            let store = try await Store.open(for: daemon)
            let courier = Courier(
                log: store.log, subscriber: store.subscriber, cache: store.cache,
                configuration: daemon.configuration.courier,
                resolver: SystemResolver(eventLoop: daemon.eventLoopGroup.next()),
                logger: daemon.logger)
            let look = ReadinessCheck("partitions") {
                courier.isReady ? .ready() : .notReady("It has not looked at all partitions yet.")
            }
            let checks = [store.readiness, look]
            let reporter = HealthReporter(daemon, log: store.log, checks: checks) {
                [("deliveries", .integer(courier.underWay))]
            }
            return store.services + [reporter, daemon.httpServer(checks: checks), courier]
        }
    }
}

extension DaemonConfiguration {
    fileprivate var courier: CourierConfiguration {
        var courier = CourierConfiguration()
        courier.rules = addressRules
        courier.deliveries = values.value(Settings.deliveries)
        courier.deliveriesPerEndpoint = values.value(Settings.endpointDeliveries)
        courier.attemptTimeout = values.value(Settings.deliveryTimeout)
        return courier
    }
}
