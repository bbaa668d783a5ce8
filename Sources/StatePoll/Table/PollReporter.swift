// Tells every other second which applications are polled most on this server, for the list of the busiest.

import ChangeLog
import ServiceLifecycle

package struct PollReporter: Service {
    private let states: States
    private let daemon: String

    /// - Parameter daemon: names this process among all.
    package init(_ states: States, as daemon: String) {
        self.states = states
        self.daemon = daemon
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // With Redis away nobody could read it either.
                try? await states.log.post(busiest: states.counts.takeBusiest(), as: daemon)
                try? await Task.sleep(for: Bulletin.interval)
            }
        }
        _ = try? await states.log.post(nil, as: daemon, on: .busiest)
    }
}
