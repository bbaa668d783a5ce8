// What the memcacheds have to be. Nothing is lost with them, but time.

enum MemcachedRules {
    /// An item's overhead and the records of a few thousand changes beside the state.
    private static let room = 1.2

    static func findings(_ servers: [(address: String, asked: Facts.Asked<Facts.Memcached>)], stateLimit: Int?)
        -> [Finding]
    {
        servers.flatMap { server -> [Finding] in
            let subject = "memcached \(server.address)"
            switch server.asked {
            case .failed(let reason):
                return [
                    .wrong(
                        subject,
                        "It does not answer: \(reason) The states that belong on it are rebuilt from Redis by every poll server.",
                        "Start it. It keeps its place in the list: taking it out moves the others' states.")
                ]
            case .found(let memcached):
                return [itemSize(memcached, subject, stateLimit), evictions(memcached, subject)]
            }
        }
    }

    private static func itemSize(_ memcached: Facts.Memcached, _ subject: String, _ stateLimit: Int?) -> Finding {
        let version = memcached.statistics["version"] ?? "?"
        guard let largest = memcached.number("item_size_max"), let stateLimit else {
            return .ok(subject, "Version \(version) answers.")
        }
        guard Double(largest) >= Double(stateLimit) * room else {
            let mebibytes = (Int(Double(stateLimit) * room) >> 20) + 1
            return .warning(
                subject,
                "It takes items of \(Wording.bytes(largest)), states may have \(Wording.bytes(stateLimit)). Larger ones are rebuilt from Redis, once per version and poll server.",
                "Start it with -I \(mebibytes)m.")
        }
        return .ok(subject, "Version \(version) answers, and takes the largest state.")
    }

    private static func evictions(_ memcached: Facts.Memcached, _ subject: String) -> Finding {
        let evicted = memcached.number("evictions") ?? 0
        let (used, limit) = (memcached.number("bytes") ?? 0, memcached.number("limit_maxbytes") ?? 0)
        guard evicted > 0 else {
            return .ok(subject, "\(Wording.bytes(used)) of \(Wording.bytes(limit)) in use, nothing evicted.")
        }
        return .warning(
            subject,
            "\(Wording.plural(evicted, "item")) evicted since its start: states that somebody polls next are rebuilt from Redis.",
            "Give it more memory (-m).")
    }
}
