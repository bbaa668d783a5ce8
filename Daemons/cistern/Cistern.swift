// The command for people. Each sub-command is a file of its own in Commands/.

import ArgumentParser
import CisternClient
import Glibc

@main
struct Cistern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cistern",
        abstract: "Share the state of applications: push changes, poll the state; have work done that takes longer.",
        discussion: """
            Start a server on this machine, change something, look at it:

              cistern up
              cistern push board '{"title":"Plan"}'
              cistern state board
              cistern watch board

            The server is http://127.0.0.1:8080 unless --url or CISTERN_URL says otherwise.
            A server that has keys asks for a token: CISTERN_TOKEN or --token; “cistern token” makes them.
            Exit status: 0 done, 64 wrong usage, 65 bad data, 69 no server, 1 anything else.
            """,
        version: CisternClient.version,
        subcommands: [
            UpCommand.self, PushCommand.self, StateCommand.self, WatchCommand.self, TailCommand.self, AppsCommand.self,
            StatusCommand.self, DeleteCommand.self, OperationCommand.self, WorkerCommand.self, WebhookCommand.self,
            ListenCommand.self, ReplayCommand.self,
            TokenCommand.self, ExportCommand.self, ImportCommand.self, DoctorCommand.self, DemoWorkerCommand.self,
        ])

    static func main() async {
        // Writing to a reader that is gone is an error to look at, not the end of the process.
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            failure.leave()
        } catch let error as CisternError {
            Failure(error).leave()
        } catch {
            exit(withError: error)
        }
    }
}
