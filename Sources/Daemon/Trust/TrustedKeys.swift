// The keys of a daemon while it runs: believed now, and another set as soon as their file says so.

import Foundation
import Grants
package import HTTPService
import NIOCore
import Synchronization
package import Trust

package final class TrustedKeys: Permission {
    private let present: Mutex<(keyring: Keyring, trust: Caller.Trust)>

    package init(_ keyring: Keyring) {
        present = Mutex((keyring, Caller.Trust()))
    }

    /// From now on only these keys count: whoever was let in by the earlier ones has to be let in anew.
    package func replace(by keyring: Keyring) {
        present.withLock { present in
            present.trust.end()
            present = (keyring, Caller.Trust())
        }
    }

    package func caller(bearing token: [UInt8]) throws(Problem) -> Caller {
        let (keyring, trust) = present.withLock { $0 }
        // Both clocks at once: a token's time is of the calendar, what is left of it runs on whatever the calendar does.
        let (now, present) = (Date().timeIntervalSince1970, NIODeadline.now())
        do throws(TokenRefusal) {
            let token = try keyring.verify(token, now: now)
            return Caller(
                name: token.name, grant: token.grant, expires: Self.deadline(token.expires, present, now), trust: trust)
        } catch {
            throw .invalidToken("\(error)")
        }
    }

    private static func deadline(_ expires: Double?, _ present: NIODeadline, _ now: Double) -> NIODeadline {
        guard let expires, expires - now < longest else { return .distantFuture }
        return present + .nanoseconds(Int64((expires - now) * 1_000_000_000))
    }

    /// Seconds: a hundred years are for ever.
    private static let longest: Double = 100 * 365 * 86_400
}
