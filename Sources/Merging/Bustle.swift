// What merging has seen of applications since it last told: a value, noted once per cycle of an application and taken as a whole.

import ChangeLog
import Fold

struct Bustle {
    private struct Seen {
        var folded = 0
        var pending = 0
        var bytes = 0
        /// The longest of any change, in milliseconds.
        var lag = 0
    }

    /// No more than were worked on between two tellings.
    private var seen: [ApplicationID: Seen] = [:]

    /// A sweep that finds nothing to fold is nothing to tell of.
    mutating func note(_ application: ApplicationID, folded: Int, pending: Int, bytes: Int, lag: Int) {
        guard folded > 0 || pending > 0 else {
            // What was waiting before is not waiting any more.
            if let index = seen.index(forKey: application) { seen.values[index].pending = 0 }
            return
        }
        var seen = self.seen[application] ?? Seen()
        seen.folded += folded
        seen.pending = pending
        seen.bytes = bytes
        seen.lag = max(seen.lag, lag)
        self.seen[application] = seen
    }

    /// What was seen, if it was seen in the last `time`.
    func activities(over time: Duration) -> [Activity] {
        let seconds = max(time / .seconds(1), 0.001)
        return seen.map { application, seen in
            var activity = Activity(application)
            activity.rate = Double(seen.folded) / seconds
            activity.pending = seen.pending
            activity.bytes = seen.bytes
            activity.lag = seen.lag
            return activity
        }
    }

    static let measures: [Activity.Measure] = [.rate, .pending, .lag, .bytes]
}
