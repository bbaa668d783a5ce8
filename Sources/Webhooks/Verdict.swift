// What an endpoint's answer means for the delivery and for the endpoint.

import Documents

/// How an attempt ended.
package enum AttemptEnd: Equatable, Sendable {
    /// - Parameter retryAfter: the field's value as it came.
    case answered(status: Int, retryAfter: String?)
    /// Nothing came in time.
    case timedOut
    /// The name, the connection or its encryption failed: in a few words, without what the endpoint has said.
    case failed(String)
    /// It is at an address to which nothing is sent.
    case refused
    /// The name has no address at all.
    case unresolved

    /// A word or number for people and programs.
    package var text: String {
        switch self {
        case .answered(let status, _): String(status)
        case .timedOut: "timeout"
        case .failed(let reason): reason
        case .refused: "address-refused"
        case .unresolved: "name-not-found"
        }
    }
}

package enum Verdict: Equatable, Sendable {
    case delivered
    /// - Parameters:
    ///   - after: What the endpoint wishes.
    ///   - slower: whether it has too much to do.
    case retry(after: Duration?, slower: Bool)
    /// Trying again cannot help.
    case dead
    /// It is not to be sent anything any more.
    case gone

    /// - Parameter now: milliseconds since 1970.
    package init(_ end: AttemptEnd, now: UInt64) {
        switch end {
        case .answered(200...299, _): self = .delivered
        case .answered(410, _): self = .gone
        case .answered(let status, let wish) where [429, 502, 503, 504].contains(status):
            self = .retry(after: wish.flatMap { RetryAfter.pause($0, now: now) }, slower: true)
        case .timedOut: self = .retry(after: nil, slower: true)
        // Redirects among them: where they lead was not checked.
        case .answered, .failed, .unresolved: self = .retry(after: nil, slower: false)
        case .refused: self = .dead
        }
    }
}

/// Retry-After: seconds, or a date (RFC 9110 §10.2.3).
enum RetryAfter {
    static func pause(_ text: String, now: UInt64) -> Duration? {
        if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // More than anybody waits is as much as that.
            return .seconds(min(Int(text) ?? .max, 1 << 30))
        }
        guard let time = date(text) else { return nil }
        return .milliseconds(time > now ? Int64(clamping: time - now) : 0)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), in milliseconds since 1970.
    private static func date(_ text: String) -> UInt64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return RFC3339.milliseconds("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }
}
