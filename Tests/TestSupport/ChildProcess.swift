import CSpawn
import Foundation
import Synchronization

/// One server process that a test started, and the promise that it never outlives the test run.
///
/// `setpriv --pdeathsig KILL` makes the kernel kill the child when the thread that started it ends. A thread of a pool
/// may end at any time, so every child is started from one thread that lives as long as the test process
/// (`SpawningThread`).
package final class ChildProcess: Sendable {
    package let executable: String
    package let arguments: [String]
    private let output: String
    /// A listening socket that it finds as systemd hands one over (sd_listen_fds(3)).
    private let listener: ListeningSocket?
    private struct State {
        /// 0 while nothing runs.
        var pid: pid_t = 0
        /// As waitpid(2) has it; nil if somebody else has asked for it.
        var status: Int32?
    }
    private let state = Mutex(State())

    package init(executable: String, arguments: [String], output: String, listener: ListeningSocket? = nil) {
        self.listener = listener
        self.executable = executable
        self.arguments = arguments
        self.output = output
    }

    package var isRunning: Bool { state.withLock { Self.look(at: &$0) } }

    /// - Returns: whether it runs. Once it has ended its number may be another process'.
    private static func look(at state: inout State) -> Bool {
        guard state.pid != 0 else { return false }
        var status: Int32 = 0
        let ended = unsafe waitpid(state.pid, &status, WNOHANG)
        guard ended != 0 else { return true }
        LiveChildren.shared.remove(state.pid)
        state = State(status: ended > 0 ? status : nil)
        return false
    }

    /// How it ended, for messages: one that was killed has nothing to say itself.
    package var ending: String {
        guard let status = state.withLock({ $0.status }) else { return "nobody knows how" }
        let signal = status & 0x7F
        return signal == 0 ? "with status \(status >> 8 & 0xFF)" : "by signal \(signal)"
    }

    package func launch() throws {
        var command = ["setpriv", "--pdeathsig", "KILL", "--"]
        if listener != nil { command += ["sh", "-c", #"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#] }
        command += [executable] + arguments
        let (output, listener) = (output, listener)
        let started = try SpawningThread.shared.perform { [command] in
            try spawn(command, output: output, listener: listener)
        }
        LiveChildren.shared.insert(started)
        state.withLock { $0 = State(pid: started) }
    }

    package func signal(_ signal: Int32) {
        state.withLock { state in
            if state.pid != 0 { _ = kill(state.pid, signal) }
        }
    }

    /// Lets no file that the process writes become longer than this: a write beyond it fails as on a full disk.
    package func limitFiles(to bytes: Int) {
        state.withLock { state in
            if state.pid != 0 { _ = cspawn_limit_files(state.pid, bytes) }
        }
    }

    /// Sends the signal and waits until the process is gone; after ten seconds it is killed.
    package func end(with signal: Int32) {
        state.withLock { state in
            guard state.pid != 0 else { return }
            _ = kill(state.pid, signal)
            // A stopped process sees the signal only once it continues.
            _ = kill(state.pid, SIGCONT)
            let deadline = ContinuousClock.now + .seconds(10)
            while Self.look(at: &state) {
                if ContinuousClock.now > deadline { _ = kill(state.pid, SIGKILL) }
                usleep(1_000)
            }
        }
    }

    /// What the process printed so far, for messages about a start that failed.
    package var printed: String {
        (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    }

    /// The full path of a program, looked for in PATH and where Debian puts servers.
    package static func find(_ program: String, package name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
        for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)") {
            return "\(folder)/\(program)"
        }
        throw TestSupportError("\(program) is not installed, and the tests need it: apt-get install \(name)")
    }
}

private func spawn(_ command: [String], output: String, listener: ListeningSocket?) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // SwiftNIO's sockets stay open across exec. A server that inherits the socket of another test's client keeps it connected after
    // that client has closed it.
    if let listener {
        unsafe posix_spawn_file_actions_adddup2(&actions, listener.descriptor, 3)
    }
    unsafe cspawn_close_from(&actions, listener == nil ? 3 : 4)

    // Threads of Dispatch block all signals, and children inherit that: a server would never see SIGTERM.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    unsafe sigemptyset(&noSignals)
    unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { while let argument = unsafe arguments.popLast() { unsafe free(argument) } }

    var pid: pid_t = 0
    let result = unsafe posix_spawnp(&pid, command[0], &actions, &attributes, arguments, environ)
    guard result == 0 else {
        throw TestSupportError("\(command[0]) could not be started: \(unsafe String(cString: strerror(result)))")
    }
    return pid
}

/// The thread every child is started from. It never ends.
private final class SpawningThread: Sendable {
    static let shared = SpawningThread()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }
        thread.name = "test-servers"
        thread.start()
    }

    func perform<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox<Value>()
        jobs.withLock { jobs in
            jobs.append {
                box.result.withLock { $0 = Result { try work() } }
                done.signal()
            }
        }
        wake.signal()
        done.wait()
        guard let result = box.result.withLock({ $0 }) else {
            throw TestSupportError("The spawning thread gave no answer.")
        }
        return try result.get()
    }
}

private final class ResultBox<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}

/// Children and folders that are still there; ended and removed when the test process exits in the ordinary way.
final class LiveChildren: Sendable {
    static let shared = LiveChildren()

    private struct State {
        var pids: Set<pid_t> = []
        var folders: Set<String> = []
    }
    private let state = Mutex(State())

    private init() {
        atexit { LiveChildren.shared.endAll() }
    }

    func insert(_ pid: pid_t) { state.withLock { _ = $0.pids.insert(pid) } }
    func remove(_ pid: pid_t) { state.withLock { _ = $0.pids.remove(pid) } }
    func insert(folder: String) { state.withLock { _ = $0.folders.insert(folder) } }
    func remove(folder: String) { state.withLock { _ = $0.folders.remove(folder) } }

    private func endAll() {
        let (pids, folders) = state.withLock { ($0.pids, $0.folders) }
        for pid in pids { _ = kill(pid, SIGKILL) }
        for pid in pids { _ = waitpid(pid, nil, 0) }
        for folder in folders { try? FileManager.default.removeItem(atPath: folder) }
    }
}
