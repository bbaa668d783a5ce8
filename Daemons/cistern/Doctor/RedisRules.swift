// What a Redis has to be for acknowledgements to mean something.

enum RedisRules {
    private static let subject = "redis"
    /// The first with all commands that the scripts use.
    private static let leastVersion = [6, 2]
    /// Share of maxmemory.
    private static let full = 0.9
    private static let filling = 0.75
    /// Seconds. An id with a time is refused from 300 s on.
    private static let clockWrong = 240.0
    private static let clockOff = 2.0

    static func findings(_ asked: Facts.Asked<Facts.Redis>) -> [Finding] {
        switch asked {
        case .failed(let reason):
            [
                .wrong(
                    subject, "It cannot be used: \(reason) Pushes get 503, and what is polled stays as it is.",
                    "Start it, or name the right one with --redis-url.")
            ]
        case .found(let redis):
            [version(redis), durability(redis), eviction(redis), lazyFreeing(redis), memory(redis), disk(redis)]
                .compactMap(\.self) + [replicas(redis), clock(redis)]
        }
    }

    private static func version(_ redis: Facts.Redis) -> Finding {
        let parts = redis.version.split(separator: ".").compactMap { Int($0) }
        guard !parts.lexicographicallyPrecedes(leastVersion) else {
            return .wrong(subject, "It is version \(redis.version), which lacks commands.", "Use Redis 6.2 or later.")
        }
        return .ok(subject, "Version \(redis.version) answers at \(redis.address).")
    }

    private static func durability(_ redis: Facts.Redis) -> Finding {
        switch (redis.settings["appendonly"], redis.settings["appendfsync"]) {
        case ("no", _):
            .wrong(
                subject, "appendonly is no: what was acknowledged is lost when Redis restarts.",
                "CONFIG SET appendonly yes, and the same in redis.conf.")
        case ("yes", "always"): .ok(subject, "An acknowledged change is on disk (appendfsync always).")
        case ("yes", "everysec"):
            .note(
                subject,
                "appendfsync is everysec: a crash of its machine may lose the last second or two of acknowledged changes.",
                "Set appendfsync always if that is too much; Redis syncs once for all that comes together.")
        case ("yes", _):
            .warning(
                subject, "appendfsync is no: a crash of its machine may lose half a minute of acknowledged changes.",
                "Set appendfsync always or everysec.")
        case (nil, _), (_, _):
            .note(
                subject, "It does not tell how it keeps its data (CONFIG GET was refused).",
                "Ask whoever runs it for appendonly yes, appendfsync always and maxmemory-policy noeviction.")
        }
    }

    private static func eviction(_ redis: Facts.Redis) -> Finding? {
        guard let policy = redis.settings["maxmemory-policy"] else { return nil }
        if policy == "noeviction" {
            return .ok(subject, "Nothing is thrown away when its memory is full (noeviction).")
        }
        return redis.settings["maxmemory"] == "0"
            ? .warning(
                subject, "maxmemory-policy is \(policy): harmless only as long as maxmemory is 0.",
                "Set maxmemory-policy noeviction.")
            : .wrong(
                subject,
                "maxmemory-policy is \(policy): when its memory is full, acknowledged changes are thrown away.",
                "Set maxmemory-policy noeviction.")
    }

    private static func lazyFreeing(_ redis: Facts.Redis) -> Finding? {
        guard redis.settings["lazyfree-lazy-expire"] == "no" else { return nil }
        return .warning(
            subject,
            "It stands still while it frees what has expired, a second for some millions of remembered changes.",
            "Set lazyfree-lazy-expire yes.")
    }

    private static func memory(_ redis: Facts.Redis) -> Finding? {
        guard let used = redis.number("used_memory") else { return nil }
        guard let limit = redis.number("maxmemory"), limit > 0 else {
            return .note(
                subject,
                "\(Wording.bytes(used)) in use, and no maxmemory: the kernel ends it when the machine is full.",
                "Set maxmemory to what the machine can spare: a full Redis answers pushes with 503 and lives on.")
        }
        let share = Double(used) / Double(limit)
        let text = "\(Wording.bytes(used)) of \(Wording.bytes(limit)) in use."
        let advice = "Raise maxmemory, lower --repeat-window, or have clients number their changes (“client~n”)."
        if share >= full { return .wrong(subject, text + " When it is full, pushes get 503.", advice) }
        return share >= filling ? .warning(subject, text, advice) : .ok(subject, text)
    }

    private static func disk(_ redis: Facts.Redis) -> Finding? {
        for name in ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"] {
            guard let status = redis.info[name], status != "ok" else { continue }
            return .wrong(
                subject, "It could not write its file (\(name) is \(status)).", "Look at its log; is the disk full?")
        }
        return nil
    }

    private static func replicas(_ redis: Facts.Redis) -> Finding {
        let count = redis.number("connected_slaves") ?? 0
        return count > 0
            ? .ok(
                subject,
                "\(Wording.plural(count, "replica")). A promoted one may lack the last changes; the epoch changes then."
            )
            : .note(subject, "It has no replica: while its machine is away nothing can be pushed.")
    }

    private static func clock(_ redis: Facts.Redis) -> Finding {
        let ahead = abs(redis.clockAhead)
        let text =
            "Its clock is \(Wording.decimal(ahead, places: 1)) s \(redis.clockAhead < 0 ? "behind" : "ahead of") this machine's."
        if ahead >= clockWrong {
            return .wrong(
                subject, text + " Ids that carry a time are refused as from the future, or as too old.",
                "Keep both clocks by NTP.")
        }
        return ahead >= clockOff
            ? .warning(subject, text, "Keep both clocks by NTP.")
            : .ok(subject, "Its clock agrees with this machine's.")
    }
}
