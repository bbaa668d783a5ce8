/// Which Redis a connection found, from `INFO server` and `INFO replication`.
package struct RedisServerIdentity: Sendable, Hashable {
    package enum Role: Sendable, Hashable {
        case primary
        case replica
    }

    package let version: String
    package let role: Role
    /// New with every start of the server process.
    package let runID: String
    /// New with every promotion, and also when the first replica attaches.
    package let masterReplID: String
    /// What `masterReplID` was before a promotion; all zeros if there was none.
    package let masterReplID2: String
    /// All three in one text, made once: what tells one life of a Redis' data from another.
    package let life: String

    package init(version: String, role: Role, runID: String, masterReplID: String, masterReplID2: String) {
        self.version = version
        self.role = role
        self.runID = runID
        self.masterReplID = masterReplID
        self.masterReplID2 = masterReplID2
        life = "\(runID) \(masterReplID) \(masterReplID2)"
    }
}

extension RedisServerIdentity {
    /// Replicas that are connected and up to date, from `INFO replication`.
    static func replicas(in replication: RESPValue) -> Int {
        (replication.string ?? "").split(whereSeparator: \.isNewline).count { line in
            line.hasPrefix("slave") && line.contains("state=online")
        }
    }

    /// Reads the sections' `name:value` lines.
    init(server: RESPValue, replication: RESPValue) throws(RedisError) {
        var fields: [Substring: Substring] = [:]
        for section in [server, replication] {
            for line in (section.string ?? "").split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                fields[line[..<colon]] = line[line.index(after: colon)...]
            }
        }
        func field(_ name: Substring) throws(RedisError) -> String {
            guard let value = fields[name] else { throw .unexpectedReply("INFO without \(name)") }
            return String(value)
        }
        let role: Role
        switch try field("role") {
        case "master": role = .primary
        case "slave": role = .replica
        case let other: throw .unexpectedReply("INFO with the role \(other)")
        }
        self.init(
            version: try field("redis_version"), role: role, runID: try field("run_id"),
            masterReplID: try field("master_replid"), masterReplID2: try field("master_replid2"))
    }
}
