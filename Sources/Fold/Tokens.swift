// The two tokens that clients see. Both read `<epoch>-<number>`; they are different types because a position says how far
// the log goes, a version names the bytes of a state, and comparing the one with the other is always a mistake.

/// Which history of an application positions belong to; new whenever positions could have been handed out twice.
///
/// 1 to 64 letters and digits, opaque to everybody but the scripts that make it.
package struct Epoch: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 64

    package let description: String

    /// Nil if `text` is empty, too long, or has anything but ASCII letters and digits.
    package init?(_ text: some StringProtocol) {
        guard (1...Self.maximumBytes).contains(text.utf8.count), text.utf8.allSatisfy(Identifier.isAlphanumeric) else {
            return nil
        }
        description = String(text)
    }
}

package enum PositionKind {}
package enum VersionKind {}

/// A change's place in the log of an epoch, or how much of that log is folded in.
package typealias PositionToken = LogToken<PositionKind>

/// Names the bytes of a state: the position of the last change that was applied. As an ETag it stands in quotes.
package typealias VersionToken = LogToken<VersionKind>

package struct LogToken<Kind>: Hashable, Sendable, CustomStringConvertible {
    package let epoch: Epoch
    package let number: UInt64

    package init(epoch: Epoch, number: UInt64) {
        self.epoch = epoch
        self.number = number
    }

    package var description: String { epoch.description + "-" + String(number) }

    /// Reads `<epoch>-<number>`, bare, quoted or weak (`W/"…"`, as proxies make it of an ETag when they recompress).
    ///
    /// Nil if it is none of these.
    package init?(_ text: some StringProtocol) {
        var bare = Substring(text)
        if bare.hasPrefix("W/\"") { bare = bare.dropFirst(2) }
        if bare.hasPrefix("\"") {
            guard bare.count >= 2, bare.hasSuffix("\"") else { return nil }
            bare = bare.dropFirst().dropLast()
        }
        guard let dash = bare.lastIndex(of: "-"), let epoch = Epoch(bare[..<dash]),
            let number = canonicalNumber(bare[bare.index(after: dash)...])
        else { return nil }
        self.init(epoch: epoch, number: number)
    }
}
