import Fold
import NIOCore
import TestSupport

@testable import Presence

typealias Instant = ContinuousClock.Instant

func client(_ text: String) -> ClientID {
    do { return try ClientID(text) } catch { preconditionFailure("\(error)") }
}

func json(_ text: String) -> [UInt8] { Array(text.utf8) }

extension PresenceTable {
    /// What is answered.
    var text: String { String(buffer: PresenceContent(of: self).body) }

    mutating func put(
        _ name: String, _ value: String, for life: Duration = .seconds(30), at now: Instant, clock: UInt64
    )
        -> Bool?
    {
        put(client(name), json(value), for: life, at: now, clock: clock)
    }

    mutating func remove(_ name: String, at now: Instant, clock: UInt64) { remove(client(name), at: now, clock: clock) }

    /// What is to be told about one client.
    func record(_ name: String, at now: Instant) -> PresenceRecord? { record(of: client(name), at: now) }
}
