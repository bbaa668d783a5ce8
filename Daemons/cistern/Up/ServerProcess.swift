// One process that `cistern up` runs: what to start, and how it is kept from outliving us.

import Glibc
import Subprocess
import SystemPackage

struct ServerProcess: Sendable {
    let name: String
    /// Program and arguments.
    let command: [String]
    let tie: Tie
    /// How long it may take to stop before it is killed.
    let stopPatience: Duration
    let afterExit: AfterExit
    /// What a status means that the process does not explain itself.
    var meanings: [Int32: String] = [:]

    /// What makes a process stop when we are killed without a chance to stop it.
    enum Tie: Sendable {
        /// Its standard input is a pipe of ours; it stops when that ends.
        case standardInput
        /// The kernel sends it SIGTERM when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG). All processes are started from
        /// Subprocess' one worker thread, which lives as long as we do.
        case deathSignal(setpriv: String)
    }

    /// What to do when it ends without being asked to.
    enum AfterExit: Sendable {
        case restart
        /// Nothing works without it, and starting it again would hide what happened.
        case stopEverything
    }

    /// Program and arguments as they are really started.
    func launch(parent: pid_t) -> [String] {
        switch tie {
        case .standardInput: command
        case .deathSignal(let setpriv):
            // Should we be gone before the signal was arranged for, the shell sees it by its parent.
            [setpriv, "--pdeathsig", "TERM", "--", "/bin/sh", "-c", #"[ "$PPID" = "$0" ] && exec "$@""#, "\(parent)"]
                + command
        }
    }
}

/// How a process ended.
struct Ending: Sendable, Equatable {
    let status: TerminationStatus
    let lasted: Duration

    /// Whether starting it again would end the same way: its command line or its configuration is wrong (EX_USAGE, EX_CONFIG).
    var isHopeless: Bool {
        switch status {
        case .exited(let code): code == 64 || code == 78
        case .signaled: false
        }
    }

    var description: String {
        switch status {
        case .exited(let code): "ended with status \(code)"
        case .signaled(let signal): "was ended by signal \(signal) (\(Self.name(of: signal)))"
        }
    }

    private static func name(of signal: Int32) -> String {
        unsafe strsignal(signal).map { unsafe String(cString: $0) } ?? "unknown"
    }
}

extension ServerProcess {
    /// Starts it and writes what it prints to the log, until it ends.
    ///
    /// - Parameter stop: when this opens, the process is asked to stop, and killed when it takes too long.
    func run(log: RunLog, stop: Latch) async throws -> Ending {
        let start = ContinuousClock.now
        let words = launch(parent: getpid())
        guard let program = words.first else { throw Failure(.failed, "There is no command for \(name).") }
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in the terminal reaches us alone, and we stop the others in order.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: stopPatience)]
        let configuration = Configuration(
            executable: .path(FilePath(program)),
            arguments: Arguments(Array(words.dropFirst())), environment: Self.environment, platformOptions: options)
        let status: TerminationStatus
        switch tie {
        case .standardInput:
            status = try await Subprocess.run(
                configuration, input: .inputWriter, output: .sequence, error: .combinedWithOutput
            ) { execution in
                await follow(execution.standardOutput, log: log, stop: stop) { try? execution.send(signal: $0) }
                try? await execution.standardInputWriter.finish()
            }.terminationStatus
        case .deathSignal:
            status = try await Subprocess.run(
                configuration, input: .none, output: .sequence, error: .combinedWithOutput
            ) { execution in
                await follow(execution.standardOutput, log: log, stop: stop) { try? execution.send(signal: $0) }
            }.terminationStatus
        }
        return Ending(status: status, lasted: .now - start)
    }

    private func follow(
        _ output: SubprocessOutputSequence, log: RunLog, stop: Latch, send: @escaping @Sendable (Signal) -> Void
    ) async {
        await withTaskGroup { group in
            group.addTask {
                await stop.wait()
                guard stop.isOpen else { return }
                send(.terminate)
                guard (try? await Task.sleep(for: stopPatience)) != nil else { return }
                log.write(
                    "\(name) does not stop within \(Wording.seconds(stopPatience)); killing it", from: "cistern",
                    isUrgent: true)
                send(.kill)
            }
            do {
                for try await line in output.strings() where !line.isEmpty { log.write(line, from: name) }
            } catch {
                log.write("its output cannot be read any more: \(error)", from: name, isUrgent: true)
            }
            group.cancelAll()
        }
    }

    /// Ours, without the settings that are decided here and without systemd's socket, which is for one process only.
    private static var environment: Environment {
        .inherit.updating([
            "CISTERN_HOST": nil, "CISTERN_PORT": nil, "CISTERN_SOCKET": nil, "CISTERN_REDIS_URL": nil,
            "CISTERN_MEMCACHED": nil,
            "CISTERN_EXIT_WITH_PARENT": nil, "CISTERN_STATE_LIMIT": nil, "NOTIFY_SOCKET": nil, "WATCHDOG_USEC": nil,
        ])
    }
}
