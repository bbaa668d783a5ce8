import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import cistern

/// A folder of its own for one test.
private func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = NSTemporaryDirectory() + "cistern-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

@Suite("cistern up: folders and command lines")
struct UpPlanTests {
    private static let programs = Programs(
        cistern: "/bin/c", redis: "/bin/r", memcached: "/bin/m", flock: "/bin/f", setpriv: "/bin/s",
        mergeDaemon: "/bin/md", courier: "/bin/co", front: "/bin/cf",
        changeBucket: "/bin/cb", statePoll: "/bin/sp")

    private func stack(host: String = "127.0.0.1", isSplit: Bool = false, stateLimit: Int = 4) -> Stack {
        Stack(
            host: host, port: 9_000, isSplit: isSplit, stateLimit: stateLimit, data: DataFolder(path: "/data"),
            run: RunFolder(path: "/run/x"),
            programs: Self.programs, isRoot: false)
    }

    @Test("Whoever draws the demo's boards is a client, there if asked for, and stops with its standard input")
    func demoWorker() throws {
        #expect(stack().demoWorker == nil)
        var split = stack(isSplit: true)
        split.hasDemoWorker = true
        let worker = try #require(split.demoWorker)
        #expect(
            worker.command.joined(separator: " ")
                == "/bin/c demo-worker --url http://127.0.0.1:9000 --push-url http://127.0.0.1:9001")
        #expect(worker.launch(parent: 1) == worker.command)
    }

    @Test("Redis syncs every change, throws nothing away, and listens on a socket only")
    func redis() {
        let words = stack().redis.command.joined(separator: " ")
        for option in [
            "--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction",
            "--lazyfree-lazy-expire yes", "--port 0",
            "--unixsocket /run/x/redis.sock",
            "--dir /data/redis",
        ] { #expect(words.contains(option), "\(option)") }
    }

    @Test("memcached has room for the largest state")
    func memcached() {
        #expect(
            stack().memcached.command.joined(separator: " ") == "/bin/m -s /run/x/memcached.sock -a 0700 -I 8m -m 256")
        #expect(stack(stateLimit: 64).memcached.command.joined(separator: " ").hasSuffix("-I 128m -m 2048"))
    }

    @Test("All daemons are given the same sockets and the same limit, and end with us")
    func daemons() {
        for process in [stack().mergeDaemon, stack().courier] + stack().listeners + stack(isSplit: true).listeners {
            let words = process.command.joined(separator: " ")
            for option in [
                "--redis-url unix:///run/x/redis.sock", "--memcached unix:///run/x/memcached.sock",
                "--state-limit 4MiB", "--exit-with-parent",
            ] { #expect(words.contains(option), "\(process.name): \(option)") }
        }
        #expect(stack().listeners.map(\.name) == ["front"])
        #expect(stack(isSplit: true).listeners.map { $0.command.suffix(1) } == [["9000"], ["9001"]])
    }

    @Test("Webhooks go to this machine only where only those who are on it can make them")
    func webhooks() {
        for process in [stack().courier] + stack().listeners + stack(isSplit: true).listeners.suffix(1) {
            #expect(process.command.joined(separator: " ").contains("--webhook-networks 127.0.0.0/8,::1"))
        }
        for process in [stack(host: "0.0.0.0").courier] + stack(host: "0.0.0.0").listeners {
            #expect(!process.command.contains("--webhook-networks"))
        }
    }

    @Test("In two processes the pages are told where to push, and the bucket lets them")
    func pagesOfTwo() {
        var split = stack(isSplit: true)
        func words(_ number: Int) -> String { split.listeners[number].command.joined(separator: " ") }
        #expect(words(0).contains("--pages-push-url http://127.0.0.1:9001 "))
        #expect(words(1).contains("--cors-origins http://127.0.0.1:9000,http://localhost:9000 "))
        split.pagesPushURL = "https://push.example.org"
        split.corsOrigins = ["https://example.org"]
        #expect(words(0).contains("--pages-push-url https://push.example.org "))
        #expect(words(1).contains("--cors-origins http://127.0.0.1:9000,http://localhost:9000,https://example.org "))
    }

    @Test("URLs are ones that a client on this machine can use")
    func urls() {
        #expect(stack().url == "http://127.0.0.1:9000")
        #expect(stack().pushURL == stack().url)
        #expect(stack(isSplit: true).pushURL == "http://127.0.0.1:9001")
        #expect(stack(host: "0.0.0.0").url == "http://127.0.0.1:9000")
        #expect(stack(host: "::1").url == "http://[::1]:9000")
    }

    @Test("What is missing is named, with the package that has it")
    func missing() throws {
        let found = try Programs.find { $0.hasPrefix("/usr/bin/") }
        #expect(found.redis == "/usr/bin/redis-server")
        let failure = #expect(throws: Failure.self) { try Programs.find { !$0.hasSuffix("memcached") } }
        #expect(failure?.message.contains("memcached") == true)
        #expect(failure?.advice?.contains("apt-get install memcached") == true)
    }

    @Test("Sockets stay within the system's limit however long the data folder's path is")
    func longPaths() throws {
        #expect(RunFolder.fits("/data"))
        #expect(!RunFolder.fits("/" + String(repeating: "d", count: 80)))
        let run = try RunFolder.create(in: DataFolder(path: "/" + String(repeating: "d", count: 120)))
        defer { run.remove() }
        #expect(run.socket("state-poll").utf8.count <= RunFolder.maximumSocketPath)
        let attributes = try FileManager.default.attributesOfItem(atPath: run.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test("Only a folder that an earlier run made is cleaned up")
    func left() async throws {
        try await withFolder { folder in
            let run = try RunFolder.create(in: DataFolder(path: folder))
            #expect(RunFolder.left(at: run.path)?.path == run.path)
            run.remove()
            #expect(RunFolder.left(at: run.path) == nil)
            #expect(RunFolder.left(at: folder) == nil)
            #expect(RunFolder.left(at: "/") == nil)
            #expect(RunFolder.left(at: "") == nil)
        }
    }

    @Test("A data folder that is in use is refused, with who uses it, and is free afterwards")
    func lock() async throws {
        try await withFolder { path in
            let folder = DataFolder(path: path + "/a/b")
            try folder.create()
            do {
                let lock = try folder.lock()
                #expect(lock.note == nil)
                let note = DataLock.Note(process: 4_711, url: "http://127.0.0.1:9000", runFolder: "/run/x")
                lock.write(DataLock.Note(process: 1, url: String(repeating: "u", count: 500), runFolder: "/"))
                lock.write(note)
                #expect(lock.note == note)
                let failure = #expect(throws: Failure.self) { try folder.lock() }
                #expect(failure?.message.contains("process 4711, at http://127.0.0.1:9000") == true)
            }
            // A child that another test is just starting holds the descriptor until it has become its program.
            try await eventually("the folder is free") { (try? folder.lock()) != nil }
        }
    }

    @Test("Pauses before a restart grow, and a long life makes them short again")
    func pauses() {
        var pauses = RestartPauses()
        let first = (0..<10).map { _ in pauses.pause(afterLasting: .milliseconds(10)) }
        #expect(first.prefix(3) == [.milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(first.last == RestartPauses.longest)
        #expect(pauses.pause(afterLasting: RestartPauses.healthyAfter) == RestartPauses.first)
    }

    @Test("A port that somebody has is refused with advice; port 0 gives a free one")
    func ports() async throws {
        let holder = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1", port: 0
        ).get()
        let port = try #require(holder.localAddress?.port)
        let failure = await #expect(throws: Failure.self) {
            _ = try await Probe.freePorts(1, from: port, host: "127.0.0.1")
        }
        #expect(failure?.message.contains("\(port)") == true)
        #expect(failure?.status == .unavailable)
        let free = try await Probe.freePorts(1, from: 0, host: "127.0.0.1")
        #expect(free > 0 && free != port)
        try await holder.close()
    }

    @Test("A row of free ports is found although those that the system gives have others behind them that are taken")
    func portRows() async throws {
        // Every second port of the range that port 0 is chosen from.
        var holders: [any Channel] = []
        let range = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        let ends = range.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        // An address of its own: other tests want ports, too.
        let host = "127.0.53.1"
        for port in stride(from: try #require(ends.first), to: try #require(ends.last), by: 40) {
            // One that somebody else has is as good.
            if let holder = try? await bootstrap.bind(host: host, port: port).get() { holders.append(holder) }
        }
        for _ in 0..<100 {
            let first = try await Probe.freePorts(3, from: 0, host: host)
            #expect((0..<3).allSatisfy { !(first + $0 - ends[0]).isMultiple(of: 40) })
        }
        for holder in holders { try await holder.close() }
    }
}

@Suite("cistern up: processes")
struct SupervisionTests {
    private func process(
        _ script: String, name: String = "test", tie: ServerProcess.Tie = .standardInput,
        stopPatience: Duration = .seconds(10),
        afterExit: ServerProcess.AfterExit = .stopEverything, meanings: [Int32: String] = [:]
    ) -> ServerProcess {
        ServerProcess(
            name: name, command: ["/bin/sh", "-c", script], tie: tie, stopPatience: stopPatience, afterExit: afterExit,
            meanings: meanings)
    }

    private func contents(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private func wait(for expected: String, in path: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !contents(path).contains(expected) {
            try #require(ContinuousClock.now < deadline, "\(path) has \(contents(path)), not \(expected)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private let log = RunLog(names: ["test"])

    @Test("What was started last is stopped first, each only after the one inside has ended")
    func order() async throws {
        try await withFolder { folder in
            let file = folder + "/order"
            func script(_ name: String) -> String {
                "trap 'sleep 0.2; echo \(name) stopped >> \(file); exit 0' TERM; echo \(name) started >> \(file); while :; do sleep 0.05; done"
            }
            let (outer, inner) = (process(script("outer")), process(script("inner")))
            let log = log
            try await withProcess(outer, log: log) {
                try await wait(for: "outer started", in: file)
                try await withProcess(inner, log: log) { try await wait(for: "inner started", in: file) }
            }
            #expect(contents(file) == "outer started\ninner started\ninner stopped\nouter stopped\n")
        }
    }

    @Test("A process that may be restarted is, and one that may not ends the work with its reason")
    func restart() async throws {
        try await withFolder { folder in
            let file = folder + "/starts"
            try await withProcess(process("echo start >> \(file); exit 1", afterExit: .restart), log: log) {
                try await wait(for: "start\nstart\nstart\n", in: file)
            }
            let failure = await #expect(throws: Failure.self) {
                try await withProcess(process("exit 3"), log: log) { try await Task.sleep(for: .seconds(600)) }
            }
            #expect(failure?.message.contains("ended with status 3") == true)
            let explained = await #expect(throws: Failure.self) {
                try await withProcess(process("exit 3", meanings: [3: "It is Monday."]), log: log) {
                    try await Task.sleep(for: .seconds(600))
                }
            }
            #expect(explained?.message == "It is Monday.")
        }
    }

    @Test("A daemon that says its command line is wrong is not started again and again", arguments: [64, 78])
    func hopeless(status: Int) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await withProcess(process("exit \(status)", afterExit: .restart), log: log) {
                try await Task.sleep(for: .seconds(600))
            }
        }
        #expect(failure?.message.contains("\(status)") == true)
    }

    @Test("A process that does not heed the request to stop is killed")
    func stubborn() async throws {
        try await withFolder { folder in
            let file = folder + "/started"
            let stubborn = process(
                "trap '' TERM; echo started > \(file); while :; do sleep 0.05; done", stopPatience: .milliseconds(200),
                afterExit: .restart)
            try await withProcess(stubborn, log: log) { try await wait(for: "started", in: file) }
        }
    }

    @Test("What the work throws comes out after the process has ended")
    func workFails() async throws {
        try await withFolder { folder in
            let file = folder + "/log"
            let failure = await #expect(throws: Failure.self) {
                try await withProcess(
                    process(
                        "trap 'echo stopped >> \(file); exit 0' TERM; echo started >> \(file); while :; do sleep 0.05; done"
                    ), log: log
                ) {
                    try await wait(for: "started", in: file)
                    throw Failure(.failed, "No.")
                }
            }
            #expect(failure?.message == "No.")
            #expect(contents(file) == "started\nstopped\n")
        }
    }

    @Test("A process tied by a death signal is started only by the parent it is tied to")
    func deathSignal() async throws {
        let program = try Programs.find { $0.hasPrefix("/usr/bin/") || !$0.hasSuffix("setpriv") }
        let tied = process("exit 7", tie: .deathSignal(setpriv: program.setpriv))
        let ending = try await tied.run(log: log, stop: Latch())
        #expect(ending.description == "ended with status 7")
        #expect(tied.launch(parent: 1).contains("1"))
    }

    @Test("A latch lets those through who wait, those who come later, and those who are cancelled")
    func latch() async {
        let latch = Latch()
        let cancelled = Task { await latch.wait() }
        cancelled.cancel()
        await cancelled.value
        #expect(!latch.isOpen)
        let waiting = Task { await latch.wait() }
        latch.open()
        await waiting.value
        await latch.wait()
        #expect(latch.isOpen)
    }
}
