import Foundation

/// A primary, its replicas and the sentinels that promote one of them.
package final class TestReplication: Sendable {
    /// The first one was the primary in the beginning.
    package let servers: [TestRedis]
    package let sentinels: [TestSentinel]

    private init(servers: [TestRedis], sentinels: [TestSentinel]) {
        self.servers = servers
        self.sentinels = sentinels
    }

    /// Starts all of them, and waits until the primary knows its replicas and every sentinel all the others.
    package static func start(
        replicas: Int = 1, sentinels: Int = 1, options: [String: String] = [:], sentinelPassword: String? = nil,
        sentinelSettings: [String] = []
    ) async throws -> TestReplication {
        let options = ["repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"].merging(options) { $1 }
        let primary = try await TestRedis.start(options: options, tcp: true)
        var servers = [primary]
        for _ in 0..<replicas {
            servers.append(try await TestRedis.start(options: options, tcp: true, replicaOf: primary))
        }
        try await eventually("the primary has its replicas") {
            try primary.command("INFO", "replication").components(separatedBy: "state=online").count == replicas + 1
        }
        var watchers: [TestSentinel] = []
        for _ in 0..<sentinels {
            watchers.append(
                try await TestSentinel.start(
                    watching: primary, quorum: sentinels / 2 + 1, password: sentinelPassword,
                    settings: sentinelSettings))
        }
        let group = TestReplication(servers: servers, sentinels: watchers)
        for sentinel in watchers {
            try await eventually(within: .seconds(30), "a sentinel knows replicas and sentinels") {
                let state = try sentinel.command("INFO", "sentinel")
                return state.contains("slaves=\(replicas),sentinels=\(sentinels)")
            }
        }
        return group
    }

    /// `redis+sentinel://…`
    package var url: String {
        "redis+sentinel://" + sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") + "/\(TestSentinel.name)"
    }

    /// `redis://…,…`
    package var listURL: String {
        "redis://" + servers.compactMap { $0.port.map { "127.0.0.1:\($0)" } }.joined(separator: ",")
    }

    /// Whom the first sentinel names.
    package func primary() throws -> TestRedis {
        let port = try sentinels[0].primary()
        guard let server = servers.first(where: { $0.port == port }) else {
            throw TestSupportError("the sentinel names no server of ours: \(String(describing: port))")
        }
        return server
    }

    /// Waits until the sentinels name another primary than this one.
    package func promotion(from old: TestRedis) async throws -> TestRedis {
        try await eventually(within: .seconds(60), "a replica is promoted") {
            try sentinels.allSatisfy { try $0.primary() != old.port }
        }
        return try primary()
    }

    /// Makes it a primary, and the sentinels take it for the one, as if they had elected it. They know nothing of the others any more, so
    /// that nobody is made a replica.
    package func appoint(_ server: TestRedis) throws {
        guard let port = server.port else { throw TestSupportError("A server that is appointed needs a port.") }
        for sentinel in sentinels { try sentinel.command("SENTINEL", "REMOVE", TestSentinel.name) }
        try server.command("REPLICAOF", "NO", "ONE")
        for sentinel in sentinels {
            try sentinel.command(
                "SENTINEL", "MONITOR", TestSentinel.name, "127.0.0.1", "\(port)", "\(sentinels.count / 2 + 1)")
        }
    }

    /// Waits until all but the primary are its replicas and have all of its data.
    package func settled() async throws {
        try await eventually(within: .seconds(90), poll: .milliseconds(50), "all servers but one are replicas") {
            let primary = try primary()
            let state = try primary.replication()
            guard state["role"] == "master", let written = Int(state["master_repl_offset"] ?? "") else { return false }
            return try servers.allSatisfy { server in
                if server === primary { return true }
                let replica = try server.replication()
                // One that goes on where it was counts as connected before it has what is missing.
                return replica["master_port"] == primary.port.map(String.init)
                    && replica["master_link_status"] == "up"
                    && Int(replica["slave_repl_offset"] ?? "").map { $0 >= written } == true
            }
        }
    }

    /// Nothing that is written from now on comes to the replica until it is resumed, and then only if the primary still answers. What
    /// a process that is stopped was sent is in its socket, so the connection is closed too.
    package func cutOff(_ replica: TestRedis, from primary: TestRedis) throws {
        replica.pause()
        try primary.command("CLIENT", "KILL", "TYPE", "replica")
    }

    package func remove() {
        for sentinel in sentinels { sentinel.remove() }
        for server in servers { server.remove() }
    }
}

extension TestRedis {
    /// What INFO says of replication.
    fileprivate func replication() throws -> [String: String] {
        let lines = try command("INFO", "replication").split(whereSeparator: \.isNewline)
        return Dictionary(
            lines.compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            }, uniquingKeysWith: { $1 })
    }
}

/// Runs the body with a primary, replicas and sentinels, and removes them afterwards.
package func withReplication<Value>(
    replicas: Int = 1, sentinels: Int = 1, options: [String: String] = [:], sentinelPassword: String? = nil,
    sentinelSettings: [String] = [],
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestReplication) async throws -> Value
) async throws -> Value {
    let group = try await TestReplication.start(
        replicas: replicas, sentinels: sentinels, options: options, sentinelPassword: sentinelPassword,
        sentinelSettings: sentinelSettings)
    defer { group.remove() }
    return try await body(group)
}
