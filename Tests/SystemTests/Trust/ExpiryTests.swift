import Foundation
import Grants
import SystemSupport
import TestSupport
import Testing
import Trust

/// What becomes of those who wait and listen when their token is over: by its own time, or because its key was taken away.
@Suite("Tokens that end", .timeLimit(.minutes(20)))
struct ExpiryTests {
    /// Seconds: time for opening everything, and no more.
    private static let lifetime = 8
    /// Seconds: long enough for keys to change meanwhile, on a busy machine, too.
    private static let routeWait = 20

    @Test("Streams, sockets and waits end when their token expires", arguments: ["yes", "no"])
    func expiry(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let version = try #require(try await system.state(headers: keyring.everything)["ETag"])
            let presence = try #require(
                try await system.get("/v1/apps/board/presence", headers: keyring.everything)["ETag"])
            let brief = try keyring.bearer("poll:board push:board", lifetime: Self.lifetime)
            let start = ContinuousClock.now
            async let poll = system.state(
                headers: brief + [("If-None-Match", version), ("Prefer", "wait=50")])
            async let here = system.get(
                "/v1/apps/board/presence", headers: brief + [("If-None-Match", presence), ("Prefer", "wait=50")])
            async let many = system.get(
                "/v1/states?apps=board@\(version.replacing("\"", with: ""))", headers: brief + [("Prefer", "wait=50")])
            try await system.withEvents(headers: brief) { stream in
                try await stream.has(1)
                var socket: LiveSocket?
                if lanes == "yes" {
                    let lines = LiveSocket.handshake("/v1/apps/board/socket") + brief.map { "\($0): \($1)" }
                    socket = try await LiveSocket.open(port: system.poller.port, lines)
                }
                try await eventually(within: .seconds(30), "the stream ends") { stream.hasEnded }
                #expect(stream.events.last?.name == "unauthenticated")
                #expect(stream.events.last?.data.contains("/problems/unauthenticated") == true)
                if let socket {
                    try await eventually("the socket is closed") { socket.received.closeCode == 4401 }
                    socket.drop()
                }
            }
            // A wait may end a tenth of its time early, and then it was still one for a good token.
            for answer in [try await poll, try await here, try await many] {
                #expect([401, 304, 200].contains(answer.status), "\(answer.refusal)")
            }
            #expect(ContinuousClock.now - start < .seconds(20))
            #expect(try await system.state(headers: brief).refusal == "401 unauthenticated")
        }
    }

    @Test(
        "A file of keys is read again when it changes, and whoever it lets in no longer is let out",
        arguments: ["yes", "no"])
    func keysChange(lanes: String) async throws {
        try await withKeys(lanes: lanes) { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let version = try #require(try await system.state(headers: keyring.everything)["ETag"])
            let presence = try #require(
                try await system.get("/v1/apps/board/presence", headers: keyring.everything)["ETag"])
            let old = try keyring.bearer("poll:board")
            // Routes find out when the wait is over, lanes at once.
            let briefly = old + [("Prefer", "wait=\(Self.routeWait)")]
            let start = ContinuousClock.now
            async let wait = system.state(
                headers: old + [
                    ("If-None-Match", version), ("Prefer", lanes == "yes" ? "wait=50" : "wait=\(Self.routeWait)"),
                ])
            async let here = system.get(
                "/v1/apps/board/presence", headers: briefly + [("If-None-Match", presence)])
            async let many = system.get(
                "/v1/states?apps=board@\(version.replacing("\"", with: ""))", headers: briefly)
            try await system.withEvents(headers: old) { stream in
                try await stream.has(1)
                let present = try String(contentsOfFile: keyring.path, encoding: .utf8)
                // Half a file changes nothing.
                try keyring.write(String(present.prefix(100)))
                try await eventually("the server says what is wrong") {
                    system.poller.logged.contains("what was read before stays in force")
                }
                #expect(try await system.state(headers: old).status == 200)
                let new = try await TestKeyring()
                defer { new.folder.remove() }
                try keyring.write(String(contentsOfFile: new.path, encoding: .utf8))
                try await eventually("the new key is believed") {
                    try await system.state(headers: new.bearer("poll:board")).status == 200
                }
                try await eventually("the old key is not believed") {
                    try await system.state(headers: old).refusal == "401 unauthenticated"
                }
                try await eventually(within: .seconds(10), "the stream ends") { stream.hasEnded }
                #expect(stream.events.last?.name == "unauthenticated")
            }
            let waited = try await wait
            if lanes == "yes" { #expect(ContinuousClock.now - start < .seconds(40)) }
            for answer in [waited, try await here, try await many] {
                #expect(answer.refusal == "401 unauthenticated")
            }
        }
    }

    @Test("Who has a token of a key that stays does not notice that others come and go")
    func othersChange() async throws {
        try await withKeys { system, keyring in
            try await system.prepare(#"{"a":1}"#, with: keyring)
            let token = try keyring.bearer("poll:board push:board")
            try await system.withEvents(headers: token) { stream in
                try await stream.has(1)
                try keyring.dropAPIKey()
                try await eventually("the API key is not believed") {
                    try await system.state(headers: keyring.everything).refusal == "401 unauthenticated"
                }
                #expect(try await system.outcome(#"{"b":2}"#, id: "c2", headers: token) == "applied")
                try await stream.has(2)
                #expect(!stream.events.contains { $0.name == "unauthenticated" } && !stream.hasEnded)
            }
        }
    }

    @Test("A daemon that others could reach does not start without keys, unless it is told to let everybody in")
    func start() async throws {
        let keyring = try await TestKeyring()
        defer { keyring.folder.remove() }
        func logs(
            _ program: String, _ options: [String], on host: String = "0.0.0.0", until word: String
        ) async throws -> String {
            let log = keyring.folder.path + "/\(UInt64.random(in: 0...UInt64.max)).log"
            let process = ChildProcess(
                executable: try DaemonProcess.folder() + "/" + program,
                arguments: options + ["--host", host, "--port", "0", "--redis-url", "unix:///nowhere/redis.sock"],
                output: log)
            try process.launch()
            defer { process.end(with: SIGKILL) }
            let logged = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
            try await eventually("\(program) says so") { logged().contains(word) || !process.isRunning }
            return logged()
        }
        for program in ["cistern-front", "change-bucket", "state-poll", "merge-daemon"] {
            let refused = try await logs(program, [], until: "--allow-anonymous")
            #expect(refused.contains("there are no keys") && refused.contains("--keys"), "\(program): \(refused)")
        }
        // Past the check, each waits for Redis.
        for options in [["--keys", keyring.path], ["--allow-anonymous"]] {
            #expect(try await logs("cistern-front", options, until: "Waiting for Redis").contains("Waiting for Redis"))
        }
        // A name may begin like an address of this machine.
        let name = try await logs("cistern-front", [], on: "127.example.org", until: "there are no keys")
        #expect(name.contains("there are no keys"))
        for (options, word) in [
            (["--keys", keyring.path, "--allow-anonymous"], "Both"),
            (["--keys", "/nowhere/keys.json"], "cannot be read"),
            (["--allow-anonymous", "--tls-key", keyring.path], "belong together"),
        ] {
            #expect(try await logs("cistern-front", options, until: word).contains(word), "\(options)")
        }
    }
}
