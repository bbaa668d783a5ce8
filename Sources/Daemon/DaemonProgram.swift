// The part of `main` that all daemons have: settings, logs, metrics, signals, systemd, exit codes. What is left for a daemon's own
// main is to build its services.

import Fold
import FoundationEssentials
import Glibc
import HTTPService
import Logging
import Metrics
import NIOCore
package import ServiceLifecycle
import Telemetry
import UnixSignals

package struct DaemonProgram: Sendable {
    package let name: String
    /// One sentence: what this program does.
    package let summary: String
    package let table: [SettingDescription]

    /// - Parameter settings: Groups of ``Settings`` and the program's own; those of every process come by themselves.
    package init(_ name: String, summary: String, settings: [SettingDescription]) {
        self.name = name
        self.summary = summary
        table = settings + Settings.process
    }

    /// Runs the program to its end and leaves with an exit code.
    ///
    /// - Parameter build: Makes the services, lowest first: they are stopped in reverse order. It may connect and wait, and
    ///   throws ``DaemonFailure`` for what the operator can mend.
    package func run(_ build: @escaping @Sendable (Daemon) async throws -> [any Service]) async -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") || arguments.contains("-h") {
            print(HelpText(program: name, summary: summary, table: table), terminator: "")
            leave(.clean)
        }
        if arguments.contains("--version") {
            print("\(name) \(Release.version)")
            leave(.clean)
        }
        let environment = ProcessInfo.processInfo.environment
        do {
            let values = try SettingValues(table, arguments: arguments, environment: environment)
            leave(await serve(DaemonConfiguration(values), environment, build))
        } catch {
            complain("\(error)")
            leave(error.exitCode)
        }
    }

    private func serve(
        _ configuration: DaemonConfiguration, _ environment: [String: String],
        _ build: @escaping @Sendable (Daemon) async throws -> [any Service]
    ) async -> ExitCode {
        do throws(DaemonFailure) {
            return await serve(Work(daemon: try await start(configuration, environment: environment), build: build))
        } catch {
            return report(error, Logger(label: name))
        }
    }

    private func start(
        _ configuration: DaemonConfiguration, environment: [String: String]
    ) async throws(DaemonFailure) -> Daemon {
        let configuration = configuration.listening(on: try InheritedSocket(environment: environment))
        LogfmtHandler.bootstrap(level: configuration.logLevel, layout: .fitting(environment: environment))
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        registry.addProcessMetrics()
        let logger = Logger(label: name)
        // Before anybody asks for one of them.
        NIOSingletons.groupLoopCountSuggestion = configuration.eventLoops
        let room = FileLimit.raise()
        if room < configuration.maximumConnections {
            logger.warning(
                "The limit of open files is below the limit of connections; raise LimitNOFILE or lower --max-connections",
                metadata: ["connections": "\(configuration.maximumConnections)", "room": "\(room)"])
        }
        return Daemon(
            name: name, instance: Self.uniqueName(), configuration: configuration, logger: logger, metrics: registry,
            admittance: try await Admittance(configuration, logger), rates: RequestRates(configuration.rates),
            systemd: SystemdService(environment: environment))
    }

    private static func uniqueName() -> String {
        let process = ProcessInfo.processInfo
        let host = process.hostName.replacing(" ", with: "-")
        return "\(host).\(process.processIdentifier).\(String(UInt32.random(in: .min ... .max), radix: 36))"
    }

    private func serve(_ work: Work) async -> ExitCode {
        let logger = work.daemon.logger
        do {
            let group = ServiceGroup(configuration: groupConfiguration(work))
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { await Self.heedSignals(group, logger) }
                defer { tasks.cancelAll() }
                try await group.run()
            }
            logger.notice("Stopped")
            return .clean
        } catch {
            return report(error, logger)
        }
    }

    private func groupConfiguration(_ work: Work) -> ServiceGroupConfiguration {
        let daemon = work.daemon
        var services: [any Service] = [work]
        if daemon.configuration.exitWithParent { services.append(Lifeline(logger: daemon.logger)) }
        services += daemon.admittance.watches
        services.append(daemon.systemd)
        var group = ServiceGroupConfiguration(services: services.map(Self.supervised), logger: daemon.logger)
        let bound = ShutdownBound(limit: daemon.configuration.shutdownLimit, logger: daemon.logger)
        group.services.append(.init(service: bound, successTerminationBehavior: .ignore))
        group.maximumGracefulShutdownDuration = daemon.configuration.shutdownLimit
        return group
    }

    /// A service that ends or fails takes the others along, but in order: a merge daemon gets to write its checkpoints.
    fileprivate static func supervised(_ service: any Service) -> ServiceGroupConfiguration.ServiceConfiguration {
        ServiceGroupConfiguration.ServiceConfiguration(
            service: service, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
    }

    /// The first signal asks for a graceful stop, the second ends the process at once.
    private static func heedSignals(_ group: ServiceGroup, _ logger: Logger) async {
        var isStopping = false
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            if isStopping {
                logger.critical("Told twice to stop; leaving at once", metadata: ["signal": "\(signal)"])
                exit(128 + signal.rawValue)
            }
            isStopping = true
            logger.notice("Told to stop", metadata: ["signal": "\(signal)"])
            await group.triggerGracefulShutdown()
        }
    }

    private func report(_ error: any Error, _ logger: Logger) -> ExitCode {
        switch error {
        case let failure as DaemonFailure:
            logger.critical("\(failure.description)")
            return failure.exitCode
        case let error as IOError:
            // What the listener throws when it cannot bind.
            logger.critical(
                "The address to listen on is not to be had: choose another or stop who has it",
                metadata: ["error": "\(error)"])
            return .unavailable
        default:
            logger.critical("Ended by an error that was not foreseen", metadata: ["error": "\(error)"])
            return .software
        }
    }

    private func complain(_ text: String) {
        let bytes = Array("\(name): \(text)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func leave(_ code: ExitCode) -> Never { exit(code.rawValue) }
}

/// What the daemon is for: its services are built, then run. Building may wait, for Redis above all, and so has to end like
/// everything else when the daemon is told to stop.
private struct Work: Service {
    let daemon: Daemon
    let build: @Sendable (Daemon) async throws -> [any Service]

    func run() async throws {
        let services: [any Service]
        do {
            services = try await cancelWhenGracefulShutdown { try await build(daemon) }
        } catch is CancellationError {
            return
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map(DaemonProgram.supervised), logger: daemon.logger))
        try await group.run()
    }
}
