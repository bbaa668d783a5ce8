// The keys of a daemon while it runs: believed now, and another set as soon as their file says so.

import Foundation
import Grants
package import HTTPService
import NIOCore
import RateLimits
import Synchronization
package import Trust

package final class TrustedKeys: Permission {
    private struct Present {
        let keyring: Keyring
        /// One for each key of the keyring.
        let trusts: [KeyIdentity: Caller.Trust]
    }

    private let present: Mutex<Present>

    package init(_ keyring: Keyring) {
        present = Mutex(Present(keyring: keyring, trusts: Self.trusts(in: keyring, after: [:])))
    }

    private static func trusts(
        in keyring: Keyring, after earlier: [KeyIdentity: Caller.Trust]
    ) -> [KeyIdentity: Caller.Trust] {
        Dictionary(keyring.identities.map { ($0, earlier[$0] ?? Caller.Trust()) }) { one, _ in one }
    }

    /// From now on only these keys count. Whoever was let in by one that is gone, or of which anything else is said now, has to be
    /// let in anew; the others notice nothing.
    package func replace(by keyring: Keyring) {
        present.withLock { present in
            let trusts = Self.trusts(in: keyring, after: present.trusts)
            for (key, trust) in present.trusts where trusts[key] == nil { trust.end() }
            present = Present(keyring: keyring, trusts: trusts)
        }
    }

    package func caller(bearing token: [UInt8]) throws(Problem) -> Caller {
        let present = present.withLock { $0 }
        // Both clocks at once: a token's time is of the calendar, what is left of it runs on whatever the calendar does.
        let (now, start) = (Date().timeIntervalSince1970, NIODeadline.now())
        do throws(TokenRefusal) {
            let token = try present.keyring.verify(token, now: now)
            // The keyring knows every key that it verifies by.
            guard let trust = present.trusts[token.key] else { throw .unknownKey(token.name) }
            return Caller(
                name: token.name, rateKey: RateKey(token.holder), grant: token.grant,
                expires: Self.deadline(token.expires, start, now), trust: trust)
        } catch {
            throw .invalidToken("\(error)")
        }
    }

    private static func deadline(_ expires: Double?, _ start: NIODeadline, _ now: Double) -> NIODeadline {
        guard let expires, expires - now < longest else { return .distantFuture }
        return start + .nanoseconds(Int64((expires - now) * 1_000_000_000))
    }

    /// Seconds: a hundred years are for ever.
    private static let longest: Double = 100 * 365 * 86_400
}
