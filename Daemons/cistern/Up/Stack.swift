// What `cistern up` starts, with which options. Pure: from choices to command lines.

import Foundation

struct Stack: Sendable {
    var host: String
    var port: Int
    /// The file with the keys of those who may use it.
    var keys: String?
    var allowsAnonymous = false
    /// Whether change-bucket and state-poll are processes of their own, on `port + 1` and `port`.
    var isSplit: Bool
    /// Where browsers reach the change-bucket, if not where we do.
    var pagesPushURL: String?
    /// Pages that may use the servers, beside their own.
    var corsOrigins: [String] = []
    /// MiB.
    var stateLimit: Int
    /// Whether there is somebody who draws the demo's boards.
    var hasDemoWorker = false
    let data: DataFolder
    let run: RunFolder
    let programs: Programs
    /// memcached refuses to run as root unless it is told to.
    var isRoot = geteuid() == 0

    /// Redis writes out what it has; merge-daemon its checkpoints.
    private static let stopPatience: Duration = .seconds(20)

    var url: String { url(port: port) }
    var pushURL: String { url(port: isSplit ? port + 1 : port) }

    /// From which the pages come, by the names that this machine has for itself.
    private var origins: [String] {
        // As the Origin field has it, hosts are in lower case.
        let own = [url.lowercased(), "http://localhost:\(port)"]
        return (own + corsOrigins).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private func url(port: Int) -> String {
        let everywhere = ["0.0.0.0", "::", "*"].contains(host)
        let name = everywhere ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        return "http://\(name):\(port)"
    }

    static let names = [
        "cistern", "redis", "memcached", "merge-daemon", "courier", "change-bucket", "state-poll", "front", "demo",
    ]

    var redis: ServerProcess {
        ServerProcess(
            name: "redis",
            command: [
                // The old one of a run that was killed may still be writing: wait for it.
                programs.flock, "--no-fork", "--wait", "20", "--conflict-exit-code", "75", data.redisLock,
                programs.redis, "--port", "0", "--unixsocket", run.socket("redis"), "--unixsocketperm", "700",
                "--dir", data.redis, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                "--maxmemory-policy", "noeviction", "--lazyfree-lazy-expire", "yes", "--databases", "1", "--daemonize",
                "no",
                "--always-show-logo", "no",
            ], tie: .deathSignal(setpriv: programs.setpriv), stopPatience: Self.stopPatience,
            afterExit: .stopEverything,
            meanings: [75: "The redis-server of an earlier run still works in \(data.redis) and does not stop."])
    }

    var memcached: ServerProcess {
        let largest = max(1, stateLimit) * 2
        var command = [
            programs.memcached, "-s", run.socket("memcached"), "-a", "0700", "-I", "\(largest)m", "-m",
            "\(max(256, largest * 16))",
        ]
        if isRoot { command += ["-u", "root"] }
        return ServerProcess(
            name: "memcached", command: command, tie: .deathSignal(setpriv: programs.setpriv),
            stopPatience: .seconds(5), afterExit: .restart)
    }

    var mergeDaemon: ServerProcess {
        daemon("merge-daemon", programs.mergeDaemon, ["--socket", run.socket("merge-daemon")])
    }

    /// Webhooks go to this machine, too, where only those who are on it can make them.
    private var webhookOptions: [String] {
        ["127.0.0.1", "::1", "localhost"].contains(host) ? ["--webhook-networks", "127.0.0.0/8,::1"] : []
    }

    var courier: ServerProcess {
        daemon("courier", programs.courier, ["--socket", run.socket("courier")] + webhookOptions)
    }

    /// In the order in which they are started.
    var listeners: [ServerProcess] {
        if isSplit {
            [
                daemon(
                    "state-poll", programs.statePoll,
                    ["--pages-push-url", pagesPushURL ?? pushURL, "--host", host, "--port", "\(port)"]),
                // The pages push to it, and are of another origin.
                daemon(
                    "change-bucket", programs.changeBucket,
                    ["--cors-origins", origins.joined(separator: ",")] + webhookOptions
                        + ["--host", host, "--port", "\(port + 1)"]),
            ]
        } else {
            [daemon("front", programs.front, webhookOptions + ["--host", host, "--port", "\(port)"])]
        }
    }

    /// Beside the servers, whose client it is.
    var demoWorker: ServerProcess? {
        guard hasDemoWorker else { return nil }
        return ServerProcess(
            name: "demo",
            command: [programs.cistern, "demo-worker", "--url", url, "--push-url", pushURL], tie: .standardInput,
            stopPatience: .seconds(5), afterExit: .restart)
    }

    private func daemon(_ name: String, _ program: String, _ options: [String]) -> ServerProcess {
        ServerProcess(
            name: name,
            command: [
                program, "--redis-url", "unix://\(run.socket("redis"))", "--memcached",
                "unix://\(run.socket("memcached"))",
                "--state-limit", "\(stateLimit)MiB", "--exit-with-parent",
            ] + (keys.map { ["--keys", $0] } ?? []) + (allowsAnonymous ? ["--allow-anonymous"] : []) + options,
            tie: .standardInput, stopPatience: Self.stopPatience + .seconds(5), afterExit: .restart)
    }
}

/// Where the programs are.
struct Programs: Sendable, Equatable {
    /// This one.
    var cistern: String
    var redis: String
    var memcached: String
    var flock: String
    var setpriv: String
    var mergeDaemon: String
    var courier: String
    var front: String
    var changeBucket: String
    var statePoll: String

    /// Servers from PATH and where Debian puts them; ours from beside this program, then from PATH.
    static func find(isExecutable: (String) -> Bool = FileManager.default.isExecutableFile) throws(Failure) -> Programs
    {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
        func server(_ name: String, package: String) throws(Failure) -> String {
            try find(
                name, in: path,
                advice: "Install it: apt-get install \(package). Or start with scripts/up, which does that.",
                isExecutable: isExecutable)
        }
        func ours(_ name: String) throws(Failure) -> String {
            try find(
                name, in: [folder] + path,
                advice:
                    "Build it: swift build -c release --product \(name). Or start with scripts/up, which does that.",
                isExecutable: isExecutable)
        }
        return Programs(
            cistern: own, redis: try server("redis-server", package: "redis-server"),
            memcached: try server("memcached", package: "memcached"),
            flock: try server("flock", package: "util-linux"), setpriv: try server("setpriv", package: "util-linux"),
            mergeDaemon: try ours("merge-daemon"), courier: try ours("courier"), front: try ours("cistern-front"),
            changeBucket: try ours("change-bucket"), statePoll: try ours("state-poll"))
    }

    /// Which ties a process to ours.
    static func setpriv() throws(Failure) -> String {
        try find(
            "setpriv", in: path, advice: "Install it: apt-get install util-linux.",
            isExecutable: FileManager.default.isExecutableFile)
    }

    private static var path: [String] {
        Terminal.environment("PATH").split(separator: ":").map(String.init) + [
            "/usr/bin", "/usr/sbin", "/usr/local/bin",
        ]
    }

    private static func find(
        _ name: String, in folders: [String], advice: String, isExecutable: (String) -> Bool
    ) throws(Failure) -> String {
        guard let folder = folders.first(where: { isExecutable("\($0)/\(name)") }) else {
            throw Failure(.unavailable, "\(name) is not installed.", advice: advice)
        }
        return "\(folder)/\(name)"
    }
}
