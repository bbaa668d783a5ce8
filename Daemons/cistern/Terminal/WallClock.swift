import Foundation

/// The time of day, by this machine.
enum WallClock {
    /// Milliseconds since 1970.
    static var now: UInt64 { UInt64(max(0, Date.now.timeIntervalSince1970 * 1_000)) }
}
