// `cistern up` with real servers: it starts, keeps data, and leaves nothing behind, however it ends.

import CisternClient
import Foundation
import TestSupport
import Testing

/// The folder with the programs that were built along with these tests; nil if they were not.
private let programs: String? = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first ?? ""
    let folder = bundle.components(separatedBy: "/").prefix { !$0.hasSuffix(".xctest") }.joined(separator: "/")
    let names = ["cistern", "cistern-front", "change-bucket", "merge-daemon", "state-poll"]
    return names.allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") } ? folder : nil
}()

@Suite("cistern up: a whole run", .serialized, .enabled(if: programs != nil, "the daemons are not built"))
struct WholeRunTests {
    /// A run of `cistern up` on a data folder of its own.
    private struct Run {
        let process: ChildProcess
        let url: String
        let folder: String

        /// Names of the programs that run with this data folder.
        var alive: [String] { Run.programs(mentioning: folder) }

        static func programs(mentioning folder: String) -> [String] {
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return entries.filter { Int32($0) != nil }.compactMap { entry in
                guard let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else { return nil }
                let words = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                guard words.contains(where: { $0.contains(folder) }) else { return nil }
                return words.first?.split(separator: "/").last.map {
                    $0.split(separator: " ").first.map(String.init) ?? ""
                }
            }.sorted()
        }
    }

    private func start(in folder: String, options: [String] = []) async throws -> Run {
        let output = "\(folder)/output-\(UUID().uuidString)"
        let process = ChildProcess(
            executable: "\(programs ?? "")/cistern",
            arguments: ["up", "--port", "0", "--data", "\(folder)/data"] + options, output: output)
        try process.launch()
        var url: String?
        try await eventually(within: .seconds(60), "cistern up is ready: \(process.printed)") {
            if !process.isRunning { return true }
            url = process.printed.split(separator: "\n").first { $0.contains("Cistern is ready: ") }?.split(
                separator: " "
            ).last.map(String.init)
            return url != nil
        }
        guard let url else { throw TestSupportError("cistern up has ended, \(process.ending):\n\(process.printed)") }
        return Run(process: process, url: url, folder: "\(folder)/data")
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/cistern-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test(
        "Killed without a chance to clean up, it leaves no process behind, and the next run has the data",
        arguments: [[], ["--split"]])
    func killed(options: [String]) async throws {
        try await withFolder { folder in
            let first = try await start(in: folder)
            let client = try CisternClient(url: first.url)
            let pushed = try await client.application("board").push(.mergePatch(#"{"kept":true}"#), wait: .seconds(20))
            #expect(pushed.outcome == .applied)
            #expect(first.alive.count == 6, "\(first.alive)")
            first.process.end(with: SIGKILL)
            try await eventually(within: .seconds(30), "nothing is left: \(first.alive)") { first.alive.isEmpty }

            let second = try await start(in: folder, options: options)
            let state = try await CisternClient(url: second.url).application("board").state(isFresh: true)
            #expect(state.json == #"{"kept":true}"#)
            second.process.end(with: SIGTERM)
            #expect(second.alive.isEmpty)
        }
    }

    @Test("Told to stop, it stops from the top down and leaves its data folder tidy")
    func stopped() async throws {
        try await withFolder { folder in
            let run = try await start(in: folder)
            run.process.end(with: SIGINT)
            #expect(run.alive.isEmpty)
            let printed = run.process.printed
            let order = ["cistern-front: Stopped", "merge-daemon: Stopped", "bye bye", "Stopped; the data is in"]
            let places = try order.map { try #require(printed.range(of: $0)?.lowerBound, "\($0) in \(printed)") }
            #expect(places == places.sorted())
            let left = try FileManager.default.contentsOfDirectory(atPath: run.folder).sorted()
            #expect(left == ["lock", "redis", "redis.lock"])
        }
    }

    @Test("A second run on the same data says that one is running")
    func second() async throws {
        try await withFolder { folder in
            let run = try await start(in: folder)
            let error = await #expect(throws: TestSupportError.self) { _ = try await start(in: folder) }
            #expect(error?.description.contains("Another “cistern up” runs with the data folder") == true)
            #expect(error?.description.contains(run.url) == true)
            run.process.end(with: SIGTERM)
        }
    }

    /// What a shell prints that runs `script` with the program `cistern` in its path.
    private func shell(_ script: String, in folder: String, url: String) async throws -> String {
        let process = ChildProcess(
            executable: "/bin/bash",
            arguments: ["-c", "export PATH='\(programs ?? "")':$PATH CISTERN_URL=\(url); cd \(folder); \(script)"],
            output: "\(folder)/shell-\(UUID().uuidString)")
        try process.launch()
        try await eventually(within: .seconds(60), "the script ends: \(script)") { !process.isRunning }
        return process.printed
    }

    @Test("Lines of standard input are changes, in order; what is not sent is told or kept; watch and tail show them")
    func lines() async throws {
        try await withFolder { folder in
            let run = try await start(in: folder)
            let add = #"[{"op":"add","path":"/list/-","value":%s}]\n"#
            let first = try await shell(
                #"echo '{"list":[]}' | cistern push a - && printf '\#(add)' 1 2 3 | cistern push a - --json-patch; echo "status $?""#,
                in: folder, url: run.url)
            #expect(first.contains("3 changes: 3 applied.") && first.contains("status 0"), "\(first)")
            let rejected = try await shell(
                #"printf '{"n":1}\n{"n":\n' | cistern push a -; echo "status $?"; echo '[{"op":"remove","path":"/none"}]' | cistern push a - --json-patch; echo "status $?""#,
                in: folder, url: run.url)
            #expect(rejected.contains("Line 2 is no change.") && rejected.contains("status 65"), "\(rejected)")
            #expect(rejected.contains("Line 1 was rejected:") && rejected.contains("status 1"), "\(rejected)")

            // Killed between writing and sending, and interrupted; nothing listens at port 1.
            let killed = try await shell(
                #"(printf '\#(add)' 4 5; sleep 3) | timeout -s KILL 2 cistern push a - --json-patch --keep q --patience 60 --url http://127.0.0.1:1; (printf '\#(add)' 6; sleep 3) | timeout -s INT 2 cistern push a - --json-patch --keep q --patience 60 --url http://127.0.0.1:1"#,
                in: folder, url: run.url)
            #expect(killed.contains("q has 2 changes from before, which go first."), "\(killed)")
            #expect(
                killed.contains("Stopped. 0 changes. 1 change from line 1 on is not known to have arrived; q keeps"),
                "\(killed)")
            let later = try await shell(
                #"cistern push a - --keep q </dev/null; echo "status $?"; cistern state a; cistern watch a --live --count 1; cistern tail a"#,
                in: folder, url: run.url)
            #expect(later.contains("q has 3 changes from before") && later.contains("status 0"), "\(later)")
            #expect(later.contains(#"{"list":[1,2,3,4,5,6],"n":1}"#), "\(later)")
            #expect(
                later.contains("States come by a WebSocket.") && later.contains("+ /list  [1,2,3,4,5,6]"), "\(later)")
            run.process.end(with: SIGTERM)
        }
    }

    @Test("tail goes on behind a position across an epoch change, and says that the log has begun anew")
    func tailAcrossEpochs() async throws {
        try await withFolder { folder in
            let run = try await start(in: folder)
            let script = """
                push() { echo "{\\"n\\":$1}" | cistern push a - 2>/dev/null; }
                for n in 1 2 3; do push $n; done
                old=$(curl -s $CISTERN_URL/v1/apps/a | sed 's/.*"epoch":"\\([^"]*\\)".*/\\1/')
                cistern tail a --follow --after 1 --json >followed 2>notes & tail=$!
                until grep -q '"position":3[,}]' followed; do sleep 0.05; done
                cistern delete a --yes; push 4
                until grep -q '"position":1[,}]' followed; do sleep 0.05; done
                kill $tail; cat followed notes
                echo "by number"; cistern tail a --after 3 --json
                push 5; push 6; push 7
                echo "by receipt"; cistern tail a --after $old-3 --json
                echo "of this one"; cistern tail a --after 3 --json; echo "end"
                """
            let printed = try await shell(script, in: folder, url: run.url)
            let parts = printed.split(separator: /by number|by receipt|of this one|end/).map(String.init)
            try #require(parts.count >= 4, "\(printed)")
            func listed(_ text: String) -> [Int] { text.matches(of: /"position":(\d+)/).compactMap { Int($0.1) } }
            #expect(listed(parts[0]) == [2, 3, 1] && parts[0].contains("has begun anew"), "\(printed)")
            #expect(listed(parts[1]) == [1] && parts[1].contains("has begun anew: it has not come to"), "\(printed)")
            #expect(listed(parts[2]) == [1, 2, 3, 4] && parts[2].contains("has begun anew."), "\(printed)")
            #expect(listed(parts[3]) == [4] && !parts[3].contains("begun anew"), "\(printed)")
            run.process.end(with: SIGTERM)
        }
    }

    @Test(
        "tail lists what has left the log already; under load it leaves nothing out without a word and lists nothing twice"
    )
    func tail() async throws {
        try await withFolder { folder in
            let run = try await start(in: folder)
            let numbers = #"for n in $(seq %d %d); do echo "{\"n\":$n}"; done"#
            // A second after the last change it has left the log.
            let quiet = try await shell(
                #"echo '{"m":1}' | cistern push a -; until curl -s $CISTERN_URL/v1/apps/a | grep -q '"checkpoint":1'; do sleep 0.1; done; cistern tail a --json"#,
                in: folder, url: run.url)
            #expect(quiet.contains(#""position":1"#) && quiet.contains(#""status":"applied""#), "\(quiet)")

            let count = 3_000
            let script = """
                cistern tail a --follow --json >from-start 2>notes-from-start & first=$!
                until grep -q '"position":1[,}]' from-start; do sleep 0.05; done
                (\(String(format: numbers, 2, count))) | cistern push a - & push=$!
                until curl -s $CISTERN_URL/v1/apps/a | grep -qE '"tail":[0-9]{3,}'; do sleep 0.05; done
                cistern tail a --follow --json >from-middle 2>notes-from-middle & second=$!
                wait $push
                until tail -qn1 from-start from-middle | grep -c '"position":\(count)[,}]' | grep -q 2; do sleep 0.1; done
                kill $first $second; wait $first $second; echo done
                """
            let printed = try await shell(script, in: folder, url: run.url)
            #expect(printed.contains("2,999 changes: 2,999 applied."), "\(printed)")
            for (name, first) in [("from-start", 1), ("from-middle", nil)] as [(String, Int?)] {
                let lines = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                let listed = lines.matches(of: /"position":(\d+)/).compactMap { Int($0.1) }
                let notes = try String(contentsOfFile: "\(folder)/notes-\(name)", encoding: .utf8)
                let said = notes.matches(of: /Changes? (\d+)(?: to (\d+))? ha(?:s|ve) left the log/).flatMap { match in
                    Array((Int(match.1) ?? 0)...(match.2.flatMap { Int($0) } ?? Int(match.1) ?? 0))
                }
                #expect(listed == listed.sorted() && Set(listed).count == listed.count, "\(name) repeats")
                let from = try #require(first ?? listed.first)
                let lacking = Set(from...count).subtracting(listed).subtracting(said)
                #expect(lacking.isEmpty, "\(name) leaves out \(lacking.sorted().prefix(20))")
                #expect(Set(listed).isDisjoint(with: said), "\(name) says that it lacks what it has")
            }
            run.process.end(with: SIGTERM)
        }
    }
}
