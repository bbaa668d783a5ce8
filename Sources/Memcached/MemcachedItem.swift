// What goes in and what comes out of memcached.

/// A value that was found.
package struct MemcachedItem: Sendable, Hashable {
    /// The bytes as they were stored. A value has to say itself whose it is; whoever reads it has to check.
    package let value: [UInt8]

    /// Names this state of the item for `compareAndSet`. Numbers start again at 1 when memcached is restarted, so one that was
    /// kept for longer may fit a stranger's item.
    package let cas: UInt64

    package init(value: [UInt8], cas: UInt64) {
        self.value = value
        self.cas = cas
    }
}

/// How a store ended that memcached answered.
package enum MemcachedStoreOutcome: Sendable, Hashable {
    case stored
    /// `add`: there is an item already. `compareAndSet`: the item has changed since it was read.
    case exists
    /// `compareAndSet`: there is no such item any more.
    case notFound
    /// The value has more bytes than fit under this key (`limit`). As a rule it was not even sent and an older item is still
    /// there; where memcached itself refused, it deleted the older one.
    case tooLarge(limit: Int)
}

/// The arithmetic of memcached's item size.
package enum MemcachedItemSize {
    /// Bytes kept free for what memcached stores beside key and value: header 48, CAS number 8, flags 4, ends 3, and some
    /// room for other builds. With the item limit of 1 MiB and a short key, a value of 1,048,456 bytes was stored, one
    /// of 1,048,512 was refused.
    package static let overhead = 128

    /// The longest value that surely fits under a key of that many bytes.
    package static func maximumValueLength(largestItem: Int, keyBytes: Int) -> Int {
        max(0, largestItem - overhead - keyBytes)
    }
}

/// Groups of numbers that memcached tells about itself (doc/protocol.txt, "Statistics").
package enum MemcachedStatistics: Sendable, Hashable {
    case general
    case settings
}

/// When memcached forgets an item by itself.
enum MemcachedExpiration {
    /// Beyond this memcached takes the number for a date (doc/protocol.txt, "Expiration times").
    static let longestRelative = 60 * 60 * 24 * 30

    /// Nobody needs more than ten years, and a date this far still fits everywhere.
    static let longest: Duration = .seconds(60 * 60 * 24 * 3650)

    /// Seconds for the wire: 0 is never; parts of a second count as a whole one; long times become a date.
    static func seconds(_ duration: Duration?, now: Int) -> Int {
        guard let duration else { return 0 }
        let (seconds, rest) = min(duration, longest).components
        let whole = max(1, Int(seconds) + (rest > 0 ? 1 : 0))
        return whole <= longestRelative ? whole : now + whole
    }
}
