// Tells every other second how this daemon is, for as long as it runs. Who dies without a word is missed by those who look.

package import ChangeLog
package import Documents
import Foundation
package import HTTPService
import Logging
import ServiceLifecycle
import Telemetry

package struct HealthReporter: Service {
    let daemon: Daemon
    let log: ChangeLog
    let checks: [ReadinessCheck]
    let details: @Sendable () async -> [(String, Document)]

    /// To be stopped after the server and before the store.
    ///
    /// - Parameter details: What only this kind of daemon has to say; small, because it is sent again and again.
    package init(
        _ daemon: Daemon, log: ChangeLog, checks: [ReadinessCheck],
        details: @escaping @Sendable () async -> [(String, Document)] = { [] }
    ) {
        self.daemon = daemon
        self.log = log
        self.checks = checks
        self.details = details
    }

    package func run() async throws {
        let since = UInt64(Date.now.timeIntervalSince1970 * 1_000)
        await cancelWhenGracefulShutdown {
            var isListed = true
            while !Task.isCancelled {
                await tell(since: since, isListed: &isListed)
                try? await Task.sleep(for: Bulletin.interval)
            }
        }
        // Who says goodbye is not missed.
        _ = try? await log.post(nil, as: daemon.instance, on: .health)
    }

    private func tell(since: UInt64, isListed: inout Bool) async {
        let report = HealthReport(
            role: daemon.name, address: daemon.listening.address, since: since,
            results: await ReadinessCheck.results(of: checks), setup: daemon.setup, details: await details())
        do {
            let wasListed = isListed
            isListed = try await log.post(report.document(daemon.metrics), as: daemon.instance, on: .health)
            guard wasListed, !isListed else { return }
            daemon.logger.warning("As many daemons are listed as may be; this one is not shown among them")
        } catch {
            // Nobody could read it either.
            daemon.logger.debug("Its health could not be told", metadata: ["error": "\(error)"])
        }
    }
}
