// How many files and sockets this process may have open.

import Glibc

enum FileLimit {
    /// What a daemon opens apart from clients' connections: Redis, memcached, event loops, logs.
    static let reserve = 128

    /// Raises the limit to what the system allows and says how many connections fit. Debian's soft limit of 1,024 is for
    /// programs that use select(2); this one does not.
    static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int.max }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Int.max }
        return max(1, Int(clamping: limit.rlim_cur) - reserve)
    }
}
