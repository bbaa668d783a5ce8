// What servers tell each other about one client.

import Fold

/// Which of two sayings about one client counts: the one with the later stamp, on every server the same.
///
/// The time is that of the server that was told, but always later than what it knew of the client before: a client that hops from a
/// server to one whose clock is behind is not held back by that, as long as the message was faster than the client.
struct PresenceStamp: Hashable, Sendable {
    /// Since 1970, at most ``latest``.
    let milliseconds: UInt64
    /// Random, another one with every start of a server.
    let server: UInt64

    /// 48 bits, as in a UUIDv7; the year 10889.
    static let latest: UInt64 = 1 << 48 - 1

    init(milliseconds: UInt64, server: UInt64) {
        self.milliseconds = min(milliseconds, Self.latest)
        self.server = server
    }

    /// For what happens now, after `previous`.
    init(now milliseconds: UInt64, server: UInt64, after previous: PresenceStamp?) {
        self.init(milliseconds: max(milliseconds, previous.map { $0.milliseconds + 1 } ?? 0), server: server)
    }
}

extension PresenceStamp: Comparable {
    static func < (left: PresenceStamp, right: PresenceStamp) -> Bool {
        (left.milliseconds, left.server) < (right.milliseconds, right.server)
    }
}

/// That a client is here with a document, or is gone.
struct PresenceRecord: Hashable, Sendable {
    let client: ClientID
    let stamp: PresenceStamp
    /// In canonical JSON; nil if the client is gone.
    let value: [UInt8]?
    /// How much longer this is to be remembered. No point in time: clocks of servers differ.
    let remaining: Duration

    /// Milliseconds, as long as the longest life.
    static let longestRemaining = PresenceConfiguration.lives.upperBound * 1_000
}
