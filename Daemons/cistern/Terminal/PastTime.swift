import ArgumentParser
import Documents

/// A time that is over: how long ago, or of RFC 3339.
enum PastTime: ExpressibleByArgument, Equatable {
    /// Seconds.
    case ago(UInt64)
    /// Milliseconds since 1970.
    case at(UInt64)

    private static let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    /// Seconds; longer ago than anything is kept.
    private static let most: UInt64 = 400 * 86_400

    init?(argument: String) {
        if let time = RFC3339.milliseconds(argument) {
            self = .at(time)
        } else if let unit = argument.last.flatMap({ Self.units[$0] }), let count = UInt64(argument.dropLast()),
            count <= Self.most / unit
        {
            self = .ago(count * unit)
        } else {
            return nil
        }
    }

    /// As servers take it.
    ///
    /// - Parameter now: milliseconds since 1970.
    func text(now: UInt64) -> String {
        switch self {
        case .ago(let seconds): RFC3339.string(milliseconds: now - min(now, seconds * 1_000))
        case .at(let time): RFC3339.string(milliseconds: time)
        }
    }
}
