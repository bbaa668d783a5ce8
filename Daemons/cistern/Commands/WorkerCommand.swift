import ArgumentParser
import CisternClient
import Glibc
import UnixSignals

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run a command for each long-running operation of some kinds.",
        discussion: """
            Claims operations, one after the other or several at a time, and runs the command for each: the input, JSON, comes on standard input, and
            what it writes to standard output is the result. A command of one word is a line for the shell.

              cistern worker --kind count -- 'jq .rows | wc -l'
              cistern worker --kind export --app board --jobs 4 --type image/svg+xml -- ./export.sh --fast

            Exit status of the command:
              0      it is done
              65     it cannot be done, and no other attempt would do better
              other  it failed, and is tried again if it has attempts left; so does a command that is killed

            Standard error is shown, but for lines that begin with one of these words:
              ::progress 40 Drawing columns    how far it is, in percent, and a sentence; or as 3/10
              ::checkpoint {"row":300}         what the next attempt finds in CISTERN_CHECKPOINT
              ::error There is no such board   why it failed; else that is the end of standard error

            In its environment are CISTERN_URL, CISTERN_APP, CISTERN_OPERATION, CISTERN_KIND, CISTERN_ATTEMPT and CISTERN_CHECKPOINT.

            When somebody cancels the operation, the command gets SIGTERM, and SIGKILL after --grace; what it has made by then does not count. When its lease is
            lost, because no server was heard for as long, it is killed at once: somebody else has the operation. Both reach all that it has started.

            The first SIGTERM or Ctrl-C stops claiming; what is under way goes on for --drain at most. Then, or at the second one, commands are ended as
            above, and their operations are given back: somebody else has them at once, and it was no attempt. Killed, a worker takes its commands with it; its
            operations are done by others when their leases have run out.
            """)

    @Option(help: ArgumentHelp("What kind of operations; may be given again.", valueName: "kind"))
    var kind: [String]

    @Option(help: ArgumentHelp("Of this application only; may be given again. (default: all)", valueName: "app"))
    var app: [String] = []

    @Option(help: ArgumentHelp("How many at a time (1 to 32).", valueName: "n"))
    var jobs: Int = 1

    @Option(
        help: ArgumentHelp(
            "How long nobody notices that this worker or its network has died (1 to 3600).", valueName: "seconds"))
    var lease: Int = 30

    @Option(help: ArgumentHelp("What the results are.", valueName: "media-type"))
    var type: String = "application/octet-stream"

    @Option(help: ArgumentHelp("Between SIGTERM and SIGKILL.", valueName: "seconds"))
    var grace: Int = 10

    @Option(help: ArgumentHelp("How long commands may go on when this is told to stop.", valueName: "seconds"))
    var drain: Int = 25

    @Option(help: ArgumentHelp("This worker's, for people. (default: a new one)", valueName: "name"))
    var name: String?

    @OptionGroup var server: ServerOptions

    @Argument(parsing: .postTerminator, help: "The command and its arguments, behind --.")
    var command: [String]

    func validate() throws {
        guard (1...32).contains(jobs) else { throw ValidationError("--jobs takes 1 to 32.") }
        guard (1...3_600).contains(lease) else { throw ValidationError("--lease takes 1 to 3600 seconds.") }
        guard (0...3_600).contains(grace) else { throw ValidationError("--grace takes 0 to 3600 seconds.") }
        guard (0...86_400).contains(drain) else { throw ValidationError("--drain takes 0 to 86400 seconds.") }
        if command.first?.isEmpty ?? true { throw ValidationError("Name the command behind --.") }
    }

    func run() async throws {
        let setpriv = try Programs.setpriv()
        let client = try server.client(logger: .noting("cistern worker"))
        let worker = try client.worker(
            .init(
                kinds: kind, applications: app.isEmpty ? nil : app, name: name ?? "w" + TimedID.next(),
                lease: .seconds(lease), concurrency: jobs))
        let working = Task {
            try await worker.run(report: { WorkNotes.ended($0, $1) }) { claim in
                WorkNotes.begun(claim)
                let run = ChildRun(
                    command: command, setpriv: setpriv, grace: .seconds(grace),
                    environment: environment(claim, url: client.pushURL))
                return try await Self.work(on: claim, by: run).result(mediaType: type)
            }
        }
        let signals = Task { await heedSignals(worker, working) }
        let result = await working.result
        signals.cancel()
        await client.shutdown()
        try result.get()
    }

    private func environment(_ claim: Claim, url: String) -> [String: String] {
        [
            "CISTERN_URL": url, "CISTERN_APP": claim.operation.application, "CISTERN_OPERATION": claim.operation.id,
            "CISTERN_KIND": claim.operation.kind, "CISTERN_ATTEMPT": "\(claim.operation.attempt)",
            "CISTERN_CHECKPOINT": claim.checkpoint?.description ?? "",
        ]
    }

    /// The run goes on when this task is cancelled, until the command has ended.
    private static func work(on claim: Claim, by run: ChildRun) async throws -> ChildEnding {
        let cancelled = Latch()
        let running = Task {
            try await run.run(
                input: claim.input.bytes,
                stop: {
                    await cancelled.wait()
                    return !cancelled.isOpen ? nil : claim.isLost ? .kill : .ask
                },
                line: { await WorkNotes.said($0, on: claim) })
        }
        let ending = try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            cancelled.open()
        }
        // Many programs end with 0 when they are asked to, and not because they are done.
        if cancelled.isOpen { throw CancellationError() }
        return ending
    }

    private func heedSignals(_ worker: Worker, _ working: Task<Void, any Error>) async {
        await withTaskGroup(of: Void.self) { group in
            var isDraining = false
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
                if isDraining {
                    working.cancel()
                    continue
                }
                isDraining = true
                worker.drain()
                WorkNotes.stopping(within: .seconds(drain))
                group.addTask {
                    do { try await Task.sleep(for: .seconds(drain)) } catch { return }
                    working.cancel()
                }
            }
            group.cancelAll()
        }
    }
}
