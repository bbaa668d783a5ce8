import Testing

@testable import cistern

@Suite("What the doctor makes of what it finds")
struct DoctorRuleTests {
    private static let now = 1_700_000_000

    /// A deployment in which nothing is to be done.
    private static func healthy() -> Facts {
        var redis = Facts.Redis(address: "redis://r:6379", version: "7.0.15")
        redis.settings = [
            "appendonly": "yes", "appendfsync": "always", "maxmemory": "1000000000", "maxmemory-policy": "noeviction",
            "lazyfree-lazy-expire": "yes",
        ]
        redis.info = [
            "used_memory": "100000000", "maxmemory": "1000000000", "connected_slaves": "1",
            "aof_last_write_status": "ok",
            "aof_last_bgrewrite_status": "ok",
        ]
        let memcached = Facts.Memcached(
            address: "memcached://m:11211",
            statistics: ["version": "1.6.18", "evictions": "0", "bytes": "1000", "limit_maxbytes": "64000000"],
            settings: ["item_size_max": "8388608"])
        var store = Facts.Store(settings: ["fold_version": "1", "maximum_state_bytes": "4194304", "partitions": "4"])
        store.partitions = 4
        store.applications = 3
        for (role, port) in [("change-bucket", 1), ("merge-daemon", 2), ("state-poll", 3)] {
            for host in ["a", "b"] {
                var daemon = Facts.Daemon(
                    name: "\(host).\(role)", role: role, address: "127.0.0.1:\(port)", version: "1.0")
                daemon.foldVersion = 1
                daemon.openFiles = 60_000
                daemon.connectionLimit = 10_000
                store.daemons.append(daemon)
            }
        }
        for partition in 0..<4 {
            store.leases[partition] = Facts.Lease(
                holder: partition < 2 ? "a.merge-daemon" : "b.merge-daemon", left: 4_000)
        }
        return Facts(
            redis: .found(redis), store: .found(store), memcached: [(memcached.address, .found(memcached))],
            served: [Facts.Served(url: "http://127.0.0.1:3", application: "board", position: "e-3", problem: nil)],
            now: now)
    }

    private static func changed(_ change: (inout Facts) -> Void) -> Facts {
        var facts = healthy()
        change(&facts)
        return facts
    }

    private static func redis(_ change: (inout Facts.Redis) -> Void) -> Facts {
        changed { facts in
            var redis = facts.redis.value ?? Facts.Redis()
            change(&redis)
            facts.redis = .found(redis)
        }
    }

    private static func memcached(_ change: (inout Facts.Memcached) -> Void) -> Facts {
        changed { facts in
            var memcached = facts.memcached[0].asked.value ?? Facts.Memcached(address: "")
            change(&memcached)
            facts.memcached[0].asked = .found(memcached)
        }
    }

    private static func store(_ change: (inout Facts.Store) -> Void) -> Facts {
        changed { facts in
            var store = facts.store.value ?? Facts.Store()
            change(&store)
            facts.store = .found(store)
        }
    }

    @Test("Where nothing is to be done, nothing but that is said")
    func healthyDeployment() {
        let findings = DoctorRules.findings(Self.healthy())
        #expect(findings.allSatisfy { $0.level == .ok && $0.advice == nil }, "\(findings.filter { $0.level != .ok })")
        #expect(findings.count > 10)
    }

    struct Case: Sendable {
        let facts: Facts
        let level: Level
        /// Part of what is said.
        let says: String

        init(_ level: Level, _ says: String, _ facts: Facts) {
            self.facts = facts
            self.level = level
            self.says = says
        }
    }

    static let cases: [Case] = [
        Case(.wrong, "Pushes get 503", changed { $0.redis = .failed("Nobody listens.") }),
        Case(.wrong, "lacks commands", redis { $0.version = "6.0.16" }),
        Case(.wrong, "lost when Redis restarts", redis { $0.settings["appendonly"] = "no" }),
        Case(.note, "last second or two", redis { $0.settings["appendfsync"] = "everysec" }),
        Case(.warning, "half a minute", redis { $0.settings["appendfsync"] = "no" }),
        Case(.note, "CONFIG GET was refused", redis { $0.settings = [:] }),
        Case(.wrong, "thrown away", redis { $0.settings["maxmemory-policy"] = "allkeys-lru" }),
        Case(
            .warning, "as long as maxmemory is 0",
            redis {
                $0.settings["maxmemory-policy"] = "allkeys-lru"
                $0.settings["maxmemory"] = "0"
            }),
        Case(.warning, "stands still", redis { $0.settings["lazyfree-lazy-expire"] = "no" }),
        Case(.note, "no maxmemory", redis { $0.info["maxmemory"] = "0" }),
        Case(.warning, "in use", redis { $0.info["used_memory"] = "800000000" }),
        Case(.wrong, "pushes get 503", redis { $0.info["used_memory"] = "950000000" }),
        Case(.wrong, "aof_last_write_status", redis { $0.info["aof_last_write_status"] = "err" }),
        Case(.wrong, "aof_last_bgrewrite_status", redis { $0.info["aof_last_bgrewrite_status"] = "err" }),
        Case(.wrong, "rdb_last_bgsave_status", redis { $0.info["rdb_last_bgsave_status"] = "err" }),
        Case(.note, "no replica", redis { $0.info["connected_slaves"] = "0" }),
        Case(.warning, "behind", redis { $0.clockAhead = -3 }),
        Case(.wrong, "from the future", redis { $0.clockAhead = 250 }),
        Case(.wrong, "rebuilt from Redis by every", changed { $0.memcached[0].asked = .failed("refused") }),
        Case(.warning, "once per version", memcached { $0.settings["item_size_max"] = "1048576" }),
        Case(.warning, "evicted", memcached { $0.statistics["evictions"] = "7" }),
        Case(.wrong, "cannot be read", changed { $0.store = .failed("WRONGTYPE") }),
        Case(.wrong, "none in this Redis", store { $0.settings = [:] }),
        Case(.warning, "folded by version 2", store { $0.settings["fold_version"] = "2" }),
        Case(
            .wrong, "No daemon by which changes are merged",
            store { $0.daemons.removeAll { $0.role == "merge-daemon" } }),
        Case(
            .wrong, "No daemon by which changes are merged",
            store { store in for number in [2, 3] { store.daemons[number].age = 30 } }),
        Case(
            .wrong, "No daemon by which changes are taken in",
            store { $0.daemons.removeAll { $0.role == "change-bucket" } }),
        Case(
            .wrong, "No daemon by which states are served",
            store { $0.daemons.removeAll { $0.role == "state-poll" } }),
        Case(.wrong, "No daemon by which webhooks are sent", store { $0.webhooks = 1 }),
        Case(
            .note, "One daemon by which webhooks are sent",
            store {
                $0.webhooks = 1
                $0.daemons.append(Facts.Daemon(name: "a.courier", role: "courier", version: "1.0", foldVersion: 1))
            }),
        Case(.note, "One daemon by which", store { $0.daemons.remove(at: 0) }),
        Case(.warning, "said nothing", store { $0.daemons[5].age = 30 }),
        Case(.warning, "of releases 1.0, 1.1", store { $0.daemons[0].version = "1.1" }),
        Case(.warning, "fold by versions 1 and 2", store { $0.daemons[2].foldVersion = 2 }),
        Case(
            .wrong, "cannot do its work. redis: gone",
            store {
                $0.daemons[0].isReady = false
                $0.daemons[0].reasons = ["redis": "gone"]
            }),
        Case(.warning, "may open 900", store { $0.daemons[0].openFiles = 900 }),
        Case(.warning, "9,000 of 10,000 connections", store { $0.daemons[4].connections = 9_000 }),
        Case(.warning, "has no keys", store { $0.daemons[0].address = "10.0.0.1:80" }),
        Case(.warning, "ends in 3 days", store { $0.daemons[0].certificateEnd = now + 3 * 86_400 + 60 }),
        Case(.wrong, "certificate has ended", store { $0.daemons[0].certificateEnd = now - 1 }),
        Case(.warning, "Nobody works in 1 of 4", store { $0.leases[3] = nil }),
        Case(.warning, "is not heard of", store { $0.leases[3] = Facts.Lease(holder: "gone", left: 3_000) }),
        Case(.warning, "a.merge-daemon holds leases and is not heard of", store { $0.daemons[2].age = 30 }),
        Case(.warning, "put back", store { $0.leases[3] = Facts.Lease(holder: "a.merge-daemon", left: -1) }),
        Case(.warning, "put back", store { $0.leases[3] = Facts.Lease(holder: "a.merge-daemon", left: 3_600_000) }),
        Case(.warning, "wait to be merged", store { $0.daemons[2].pending = 20_000 }),
        Case(
            .wrong, "does not show board at e-3",
            changed {
                $0.served.append(
                    Facts.Served(url: "http://b", application: "board", position: "e-3", problem: "not-yet-merged"))
            }),
    ]

    @Test("Each thing that is wrong is said, with what to do, and stands first", arguments: cases.indices)
    func oneThing(index: Int) throws {
        let example = Self.cases[index]
        let findings = DoctorRules.findings(example.facts)
        let found = try #require(findings.first { $0.text.contains(example.says) }, "\(findings)")
        #expect(found.level == example.level)
        #expect(findings.map(\.level) == findings.map(\.level).sorted(by: >))
        #expect(findings[0].level == example.level)
        if example.level > .note { #expect(found.advice?.isEmpty == false) }
    }

    /// What is no fault, or was said already, with part of what would be said of it.
    static let unsaid: [(says: String, facts: Facts)] = [
        (
            "daemon by which",
            store { store in
                for number in store.daemons.indices where store.daemons[number].role != "merge-daemon" {
                    store.daemons[number].role = "cistern-front"
                }
            }
        ),
        (
            "of releases",
            store {
                $0.daemons[0].version = "0.9"
                $0.daemons[0].age = 30
            }
        ),
        ("has no keys", store { $0.daemons[2].address = "10.0.0.1:80" }),
        (
            "has no keys",
            store {
                $0.daemons[0].address = "10.0.0.1:80"
                $0.daemons[0].hasKeys = true
            }
        ),
        ("certificate ends", store { $0.daemons[0].certificateEnd = now + 30 * 86_400 }),
        (
            "cannot be read",
            changed {
                $0.redis = .failed("Nobody listens.")
                $0.store = .failed("Nobody listens.")
            }
        ),
        (
            "Nobody works in",
            store {
                $0.daemons.removeAll { $0.role == "merge-daemon" }
                $0.leases = [:]
            }
        ),
        (
            "wait to be merged",
            store {
                $0.daemons[2].pending = 20_000
                $0.daemons[2].age = 30
            }
        ),
    ]

    @Test("What is as it should be, or was said already, is not complained of", arguments: unsaid.indices)
    func noFault(index: Int) {
        let example = Self.unsaid[index]
        let complaints = DoctorRules.findings(example.facts).filter { $0.level != .ok }
        #expect(!complaints.contains { $0.text.contains(example.says) }, "\(complaints)")
    }
}
