// What the doctor has found out, before anybody judges it.

import ChangeLog
import Memcached

struct Facts: Sendable {
    /// Something that was asked for, or why it is not there.
    enum Asked<Value: Sendable>: Sendable {
        case found(Value)
        case failed(String)

        var value: Value? {
            switch self {
            case .found(let value): value
            case .failed: nil
            }
        }
    }

    struct Redis: Sendable {
        /// Of the primary, whoever said where that is.
        var address = ""
        var version = ""
        /// Of CONFIG GET; empty if that was refused.
        var settings: [String: String] = [:]
        /// Of INFO.
        var info: [String: String] = [:]
        /// Seconds by which its clock is ahead of this machine's.
        var clockAhead = 0.0

        func number(_ name: String) -> Int? { info[name].flatMap { Int($0) } }
    }

    struct Memcached: Sendable {
        let address: String
        /// By the names of “stats”, and of “stats settings”.
        var statistics: [String: String] = [:]
        var settings: [String: String] = [:]

        func number(_ name: String) -> Int? { (statistics[name] ?? settings[name]).flatMap { Int($0) } }
    }

    /// What a daemon says of itself, and how long ago.
    struct Daemon: Sendable {
        var name = ""
        var role = ""
        var address = ""
        var version = ""
        var foldVersion: Int?
        var isReady = true
        var reasons: [String: String] = [:]
        /// Seconds.
        var age = 0.0
        var pending = 0
        var openFiles: Int?
        var connectionLimit: Int?
        var connections = 0
        var hasKeys = false
        /// Seconds since 1970.
        var certificateEnd: Int?

        var isSilent: Bool { age > Bulletin.silence / .seconds(1) }
        var title: String { "\(role) \(address.isEmpty ? name : address)" }
        var servesPolls: Bool { role == "state-poll" || role == "cistern-front" }
        var isLocal: Bool {
            address.hasPrefix("127.") || address.hasPrefix("unix:") || address.hasPrefix("localhost")
                || address.hasPrefix("[::1]")
        }
    }

    struct Lease: Hashable, Sendable {
        let holder: String
        /// Milliseconds until it runs out.
        let left: Int64
    }

    struct Store: Sendable {
        var settings: [String: String] = [:]
        var partitions = 64
        /// By partition.
        var leases: [Int: Lease] = [:]
        var applications = 0
        var dirty = 0
        var webhooks = 0
        var daemons: [Daemon] = []
    }

    /// Whether a server shows what is published.
    struct Served: Sendable {
        let url: String
        let application: String
        let position: String
        /// Nil if it does.
        let problem: String?
    }

    var redis: Asked<Redis>
    var store: Asked<Store>
    var memcached: [(address: String, asked: Asked<Memcached>)]
    var served: [Served] = []
    /// Seconds since 1970.
    var now: Int
}
