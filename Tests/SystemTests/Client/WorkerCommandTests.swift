// `cistern worker` and `cistern operation` as processes: killed, stopped, cut off, with real servers and real commands.

import CisternClient
import Foundation
import SystemSupport
import TestSupport
import Testing

extension CommandPlace {
    fileprivate func worker(_ options: [String], _ command: String) throws -> ChildProcess {
        try start(["worker", "--kind", "export"] + options + ["--", "cd \(folder); \(command)"])
    }
}

@Suite("cistern worker and cistern operation", .serialized, .timeLimit(.minutes(20)))
struct WorkerCommandTests {
    private typealias Place = CommandPlace

    private func withPlace(_ body: (Place, TestCistern) async throws -> Void) async throws {
        try await withCommands(.front, body)
    }

    private func status(_ id: String, at place: Place) async throws -> LongOperation.Status {
        try await place.board.operation(id).status
    }

    @Test("Input comes in, progress and checkpoints go out, the exit status decides, and the result is printed")
    func wholeWay() async throws {
        try await withPlace { place, _ in
            let worker = try place.worker(
                ["--type", "application/json"],
                """
                case $CISTERN_OPERATION in
                none) echo "::error There are no rows" >&2; exit 65;;
                esac
                if [ "$CISTERN_ATTEMPT" = 1 ]; then
                    echo '::checkpoint {"row":7}' >&2; echo "::progress 1/2 Halfway" >&2; echo "Not now" >&2; sleep 1; exit 3
                fi
                echo "{\\"was\\":$CISTERN_CHECKPOINT,\\"input\\":$(cat),\\"app\\":\\"$CISTERN_APP\\"}"
                """)
            let printed = try await place.shell(
                #"cistern operation start board export '{"n":1}' --id e1 --wait; echo " status $?""#)
            #expect(printed.contains(#"{"was":{"row":7},"input":{"n":1},"app":"board"}"#), "\(printed)")
            #expect(printed.contains("status 0") && printed.contains("1/2  Halfway"), "\(printed)")
            #expect(try await place.board.result(of: "e1").mediaType == "application/json")
            #expect(worker.printed.contains("board/e1 Not now"), "\(worker.printed)")
            let failed = try await place.shell(
                "cistern operation start board export --id none; cistern operation wait board none; echo status $?; cistern operation show board none"
            )
            #expect(failed.contains("status 1") && failed.contains("There are no rows [exit-65]"), "\(failed)")
            #expect(failed.contains("attempt      1 of 3"), "\(failed)")
            worker.end(with: SIGTERM)
            #expect(worker.ending == "with status 0")
        }
    }

    @Test("A worker that is killed takes its command with it, and another one does the work; killed thrice it is dead")
    func killed() async throws {
        try await withPlace { place, _ in
            try await place.board.start(NewOperation("export", id: "e1"))
            for attempt in 1...3 {
                let worker = try place.worker(
                    ["--lease", "1"], #"echo "$CISTERN_ATTEMPT" >> attempts; echo $$ > pid; exec sleep 1000"#)
                try await eventually(within: .seconds(20), "attempt \(attempt) has begun") {
                    place.lines("attempts").count == attempt && place.isAlive("pid")
                }
                worker.end(with: SIGKILL)
                try await eventually("the command is gone, too") { !place.isAlive("pid") }
            }
            #expect(place.lines("attempts") == ["1", "2", "3"])
            try await eventually(within: .seconds(20), "it is dead") { try await status("e1", at: place) == .dead }

            // Between two attempts another worker takes over.
            try await place.board.start(NewOperation("export", id: "e2"))
            let first = try place.worker(["--lease", "1"], "echo $$ > pid; exec sleep 1000")
            try await eventually(within: .seconds(20), "it has begun") { place.isAlive("pid") }
            let second = try place.worker(["--lease", "1"], #"echo "by attempt $CISTERN_ATTEMPT""#)
            first.end(with: SIGKILL)
            try await eventually(within: .seconds(20), "it is done") { try await status("e2", at: place) == .succeeded }
            #expect(try await place.board.result(of: "e2").bytes == Array("by attempt 2\n".utf8))
            second.end(with: SIGTERM)
        }
    }

    @Test("Cancelled, a command is asked to end and killed if it does not, with all that it has started")
    func cancelled() async throws {
        try await withPlace { place, _ in
            let worker = try place.worker(
                ["--lease", "1", "--grace", "1"],
                """
                case $CISTERN_OPERATION in
                meek) trap 'echo asked >> asked; exit 0' TERM; echo $$ > meek; while :; do sleep 0.05; done;;
                deaf) trap '' TERM; sleep 1000 & echo $! > inner; echo $$ > deaf; wait;;
                esac
                """)
            for id in ["meek", "deaf"] {
                try await place.board.start(NewOperation("export", id: id))
                try await eventually(within: .seconds(20), "\(id) has begun") { place.isAlive(id) }
                _ = try await place.shell("cistern operation cancel board \(id)")
                try await eventually(within: .seconds(20), "\(id) is over") {
                    try await status(id, at: place) == .cancelled
                }
                #expect(!place.isAlive(id))
            }
            #expect(place.lines("asked") == ["asked"])
            try await eventually("what it had started is gone, too") { !place.isAlive("inner") }
            worker.end(with: SIGTERM)
        }
    }

    @Test("Told to stop, a worker lets its command end; told again, it ends it and gives the operation back")
    func stopped() async throws {
        try await withPlace { place, _ in
            let command =
                #"echo $$ > pid; echo "$CISTERN_ATTEMPT" >> attempts; until [ -e go ]; do sleep 0.05; done; echo done"#
            for (id, end) in [("e1", SIGTERM), ("e2", SIGINT)] {
                try? FileManager.default.removeItem(atPath: "\(place.folder)/go")
                try await place.board.start(NewOperation("export", id: id))
                let worker = try place.worker([], command)
                try await eventually(within: .seconds(20), "it has begun") { place.isAlive("pid") }
                worker.signal(SIGTERM)
                try await eventually("it says so") { worker.printed.contains("Stopping:") }
                if end == SIGTERM {
                    #expect(worker.isRunning && place.isAlive("pid"))
                    _ = FileManager.default.createFile(atPath: "\(place.folder)/go", contents: nil)
                    try await eventually("it has ended") { !worker.isRunning }
                    #expect(try await status(id, at: place) == .succeeded)
                } else {
                    worker.signal(end)
                    try await eventually("it has ended") { !worker.isRunning }
                    #expect(!place.isAlive("pid"))
                    #expect(try await status(id, at: place) == .queued, "\(worker.printed)")
                }
                #expect(worker.ending == "with status 0")
            }
            _ = FileManager.default.createFile(atPath: "\(place.folder)/go", contents: nil)
            let last = try place.worker([], command)
            try await eventually(within: .seconds(20), "it is done") { try await status("e2", at: place) == .succeeded }
            #expect(place.lines("attempts") == ["1", "1", "1"])
            last.end(with: SIGTERM)
        }
    }

    @Test("Cut off for as long as its lease, a worker kills its command, whatever that says to SIGTERM")
    func cutOff() async throws {
        try await withPlace { place, system in
            try await withGate(to: system.poller.port) { gate in
                try await place.board.start(NewOperation("export", id: "e1"))
                let far = Place(folder: place.folder, url: gate.url, board: place.board)
                let worker = try far.worker(
                    ["--lease", "2", "--grace", "1000"], "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done")
                try await eventually(within: .seconds(20), "it has begun") { place.isAlive("pid") }
                try await gate.shut()
                try await eventually(within: .seconds(20), "the command is gone") { !place.isAlive("pid") }
                try await eventually("it says why") { worker.printed.contains("its lease was lost") }
                #expect(worker.isRunning)
                worker.end(with: SIGTERM)
            }
        }
    }

    @Test("A result that is too large, and a command that is not there, are failures that say so")
    func hopeless() async throws {
        try await withPlace { place, _ in
            let worker = try place.worker([], "head -c 3000000 /dev/zero")
            try await place.board.start(NewOperation("export", id: "large"))
            try await eventually(within: .seconds(20), "it has failed") {
                try await status("large", at: place) == .failed
            }
            let error = try await place.board.operation("large").error?.description
            #expect(error?.contains("result-too-large") == true)
            worker.end(with: SIGTERM)
            try await place.board.start(NewOperation("other", id: "none", attempts: 1))
            let other = try place.worker(["--kind", "other"], "exec no-such-command")
            try await eventually(within: .seconds(20), "it is dead") { try await status("none", at: place).isOver }
            #expect(try await place.board.operation("none").error?.description.contains("exit-127") == true)
            other.end(with: SIGTERM)
        }
    }

    @Test("What the README says of work that takes longer does what it says")
    func readme() async throws {
        try await withPlace { place, _ in
            let commands = try place.commands(ofReadme: "Work that takes longer").filter {
                !$0.contains("return Operation") && !$0.contains("claim.report")
            }
            let worker = try #require(commands.first { $0.contains("cistern worker") })
            let rest = commands.filter { $0 != worker }.joined(separator: "\n")
            let printed = try await place.shell(
                """
                \(worker) 2>worker.log & worker=$!
                \(rest)
                until curl -sL \(place.url)/v1/apps/board/operations/c2 | grep -qx 4; do sleep 0.1; done
                until cistern state board | grep '"status":"succeeded"'; do sleep 0.1; done
                cistern operation retry board c1; kill $worker; wait $worker; echo "status $?"
                """)
            let lines = printed.split(separator: "\n").map(String.init)
            #expect(lines.contains("3") && printed.contains("3/3  Counting"), "\(printed)")
            #expect(printed.contains("OPERATION") && printed.contains("HTTP/1.1 201 Created"), "\(printed)")
            #expect(printed.contains("operation-not-dead") && lines.last == "status 0", "\(printed)")
        }
    }
}
