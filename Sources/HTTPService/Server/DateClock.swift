// The Date field of answers (RFC 9110 §6.6.1), formatted once a second.

import Documents
import Glibc
import Synchronization

final class DateClock: Sendable {
    private let last = Mutex((second: 0, text: ""))

    /// Now, as an IMF-fixdate (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    var now: String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second { last = (second, Self.text(seconds: second)) }
            return last.text
        }
    }

    /// - Parameter seconds: since 1970, not counting leap seconds.
    static func text(seconds: Int) -> String {
        let (day, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = RFC3339.civilDate(day)
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // 1 January 1970 was a Thursday.
        return "\(days[(day + 4) % 7]), \(digits(date.day)) \(months[date.month - 1]) \(date.year) "
            + "\(digits(rest / 3_600)):\(digits(rest / 60 % 60)):\(digits(rest % 60)) GMT"
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
