package import Redis

/// What an acknowledgement is worth on this Redis, from its own settings.
package enum Durability: String, Hashable, Sendable {
    /// Every write is on disk before it is acknowledged.
    case everyWrite = "every-write"
    /// Redis syncs once a second: a crash of the machine may lose the last second or two. The epoch changes then, and clients that
    /// still have their changes send them again.
    case everySecond = "every-second"
    /// The kernel decides when to write: a crash of the machine may lose up to half a minute.
    case kernel
    /// Nothing survives a restart of Redis.
    case memoryOnly = "memory-only"
    /// Redis does not tell, as managed ones do.
    case unknown

    /// In one sentence.
    package var meaning: String {
        switch self {
        case .everyWrite: "An acknowledged change is on disk (appendonly yes, appendfsync always)."
        case .everySecond:
            "An acknowledged change survives a crash of Redis; a crash of its machine may lose the last second or two (appendfsync everysec)."
        case .kernel:
            "An acknowledged change survives a crash of Redis; a crash of its machine may lose half a minute (appendfsync no)."
        case .memoryOnly: "An acknowledged change is lost when Redis restarts (appendonly no). Set appendonly yes."
        case .unknown: "Redis does not tell how it keeps its data (CONFIG GET was refused)."
        }
    }
}

/// The settings of a Redis that decide what the log can promise, and at what pace.
package struct RedisGuarantees: Hashable, Sendable {
    package let durability: Durability
    /// Whether Redis throws keys away when its memory is full, which would take the log with them. Nil if it does not tell.
    package let evicts: Bool?
    /// Whether keys that expire are freed beside the work. Where they are not, Redis does nothing else while it frees the records of an
    /// application that has fallen silent: a second for some millions. Nil if it does not tell.
    package let freesLazily: Bool?

    package static func read(from client: RedisClient) async throws(LogError) -> RedisGuarantees {
        do {
            var settings: [String: String] = [:]
            for name in ["appendonly", "appendfsync", "maxmemory-policy", "maxmemory", "lazyfree-lazy-expire"] {
                let reply = try await client.send(RedisCommand("CONFIG", "GET", .string(name)))
                if let pair = reply.array, pair.count == 2 { settings[name] = pair[1].string }
            }
            return RedisGuarantees(settings)
        } catch .refused {
            return RedisGuarantees(durability: .unknown, evicts: nil, freesLazily: nil)
        } catch {
            throw LogError(error)
        }
    }

    private init(durability: Durability, evicts: Bool?, freesLazily: Bool?) {
        self.durability = durability
        self.evicts = evicts
        self.freesLazily = freesLazily
    }

    private init(_ settings: [String: String]) {
        switch (settings["appendonly"], settings["appendfsync"]) {
        case ("no", _): durability = .memoryOnly
        case ("yes", "always"): durability = .everyWrite
        case ("yes", "everysec"): durability = .everySecond
        case ("yes", "no"): durability = .kernel
        default: durability = .unknown
        }
        evicts = settings["maxmemory-policy"].map { $0 != "noeviction" && settings["maxmemory"] != "0" }
        freesLazily = settings["lazyfree-lazy-expire"].map { $0 == "yes" }
    }
}
