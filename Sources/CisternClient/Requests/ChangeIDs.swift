// Ids for changes, of the two forms that carry a promise.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Ids that say when they were made: UUIDs of version 7 (RFC 9562 §5.7). The server applies a change with such an id at most once for ever, and
/// refuses it when it is too old to be told from a repeat.
public enum TimedID {
    /// A new id, of this moment.
    public static func next() -> String {
        var generator = SystemRandomNumberGenerator()
        return make(milliseconds: UInt64(max(0, Date().timeIntervalSince1970 * 1_000)), using: &generator)
    }

    static func make(milliseconds: UInt64, using generator: inout some RandomNumberGenerator) -> String {
        let high = milliseconds << 16 | 0x7000 | generator.next() & 0x0FFF
        let low = 0b10 << 62 | generator.next() & (1 << 62 - 1)
        let digits = hexadecimal(high) + hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The ids `<client>~1`, `<client>~2`, … of a client that numbers its changes. The server keeps one record for such a client instead of one for each
/// change, and folds the changes in the order of their numbers; so push the next one only when the one before is acknowledged.
public struct SequencedIDs: Sendable {
    public let client: String
    /// The number of the id that was given out last; 0 at the beginning. Keep it with the client's name to go on later.
    public private(set) var last: UInt64

    /// - Parameters:
    ///   - client: unique among all clients of the application, for ever; a random name unless given.
    ///   - last: the number that was used last under this name.
    public init(client: String = "c" + TimedID.next(), last: UInt64 = 0) {
        self.client = client
        self.last = last
    }

    public mutating func next() -> String {
        last += 1
        return "\(client)~\(last)"
    }
}
