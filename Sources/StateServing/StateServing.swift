// What serves states and who is here, put together once for all programs that do.

import ChangeLog
package import Daemon
package import HTTPService
import Pages
import Presence
package import ServiceLifecycle
import Sockets
import StatePoll

package struct StateServing: Sendable {
    package let roles: [any RouteProvider]
    package let lanes: [any ExpressLaneProvider]
    /// To be stopped before the store and after the server.
    package let services: [any Service]

    package init(_ store: Store, for daemon: Daemon) {
        let settings = daemon.configuration
        let states = States(
            log: store.log, hints: store.hints, cache: store.cache,
            configuration: PollConfiguration(
                tableBytes: settings.tableMemory, pollInterval: settings.pollInterval,
                waitingClients: settings.waitingClients),
            rates: daemon.rates, logger: daemon.logger)
        let presences = Presences(
            channels: PresenceChannels(
                client: store.redis, subscriber: store.subscriber, settings: store.log.settings),
            eventLoopGroup: daemon.eventLoopGroup,
            configuration: PresenceConfiguration(
                documentBytes: settings.presenceDocument, clients: settings.presenceClients,
                bytes: settings.presenceMemory, waitingClients: settings.waitingClients))
        let feeds = FeedsOfLoops(of: states, presences)
        let pages: [any RouteProvider] = settings.pages ? [Pages(pushURL: settings.pagesPushURL)] : []
        roles =
            [
                StateRoutes(states: states, feeds: feeds), ManyStatesRoutes(states: states),
                AdministrationRoutes(log: store.log, cache: store.cache),
                DaemonRoutes(log: store.log), PresenceRoutes(presences: presences), SocketRoutes(),
            ] + pages
        let http = settings.httpServer
        lanes = [
            PollLaneProvider(states: states, feeds: feeds),
            SocketLaneProvider(
                states: states, feeds: feeds, commits: store.commits,
                permission: daemon.admittance.permission, origins: http.crossOrigin, rates: daemon.rates,
                head: http.limits),
        ]
        services = [states, presences, PollReporter(states, as: daemon.instance)]
    }
}
