/// From facts to findings, without asking anybody: the worst first, within that by subject as they were found.
enum DoctorRules {
    static func findings(_ facts: Facts) -> [Finding] {
        let stateLimit = facts.store.value?.settings["maximum_state_bytes"].flatMap { Int($0) }
        let all =
            RedisRules.findings(facts.redis) + MemcachedRules.findings(facts.memcached, stateLimit: stateLimit)
            + StoreRules.findings(facts)
        return all.enumerated().sorted { one, other in
            (other.element.level, one.offset) < (one.element.level, other.offset)
        }.map(\.element)
    }
}
