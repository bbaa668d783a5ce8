// The busiest applications: what daemons say of them, and how several such lists become one. Pure.

package import Documents
package import Fold

/// What was seen of one application in the last seconds.
package struct Activity: Sendable, Equatable {
    package let application: ApplicationID
    /// Changes folded per second.
    package var rate = 0.0
    /// Changes that are in the log and not published.
    package var pending = 0
    /// The longest that a change waited until it was published, in milliseconds.
    package var lag = 0
    /// Bytes of the state.
    package var bytes = 0
    /// Polls per second, by whatever way.
    package var polls = 0.0
    /// Clients that wait for the next version: long polls, event streams, sockets.
    package var followers = 0

    package init(_ application: ApplicationID) {
        self.application = application
    }

    /// What a list of applications can be sorted by. The raw value is the member's name too.
    package enum Measure: String, CaseIterable, Sendable {
        case rate
        case pending
        case lag
        case bytes
        case polls
        case followers
    }

    /// In thousandths where it is no whole number.
    package subscript(measure: Measure) -> Int {
        switch measure {
        case .rate: Int(rate * 1_000)
        case .pending: pending
        case .lag: lag
        case .bytes: bytes
        case .polls: Int(polls * 1_000)
        case .followers: followers
        }
    }
}

extension Activity {
    /// Only what is not nothing is written.
    package var document: Document {
        var members: [(String, Document)] = [("app", .string(application.description))]
        for measure in Measure.allCases where self[measure] != 0 {
            members.append((measure.rawValue, value(of: measure)))
        }
        return .object(members)
    }

    package func value(of measure: Measure) -> Document {
        switch measure {
        case .rate: .decimal(rate)
        case .polls: .decimal(polls)
        case .pending, .lag, .bytes, .followers: .integer(self[measure])
        }
    }

    /// Nil for what is none.
    package init?(_ document: Document) {
        guard let name = document["app"]?.stringValue, let application = try? ApplicationID(name) else { return nil }
        self.init(application)
        func number(_ measure: Measure) -> Double {
            document[measure.rawValue]?.numberSpelling.flatMap(Double.init).map { min(max($0, 0), 1e15) } ?? 0
        }
        rate = number(.rate)
        pending = Int(number(.pending))
        lag = Int(number(.lag))
        bytes = Int(number(.bytes))
        polls = number(.polls)
        followers = Int(number(.followers))
    }

    /// What two daemons have seen of one application. A merge daemon that gave it away and the one that took it both saw a part of its
    /// changes; pollers are different ones on each server.
    mutating func add(_ other: Activity) {
        rate += other.rate
        pending = max(pending, other.pending)
        lag = max(lag, other.lag)
        bytes = max(bytes, other.bytes)
        polls += other.polls
        followers += other.followers
    }
}

package enum BusiestApplications {
    /// Of each measure, that many are told: the first ones of all daemons together are among the first ones of each.
    package static let count = 50

    /// Those that are among the first by one of the measures, in no order.
    package static func chosen(from all: [Activity], by measures: [Activity.Measure]) -> [Activity] {
        var chosen: Set<Int> = []
        for measure in measures {
            // Sorted, greatest first, never longer than is wanted: most candidates cost one comparison.
            var best: [(value: Int, index: Int)] = []
            for index in all.indices {
                let value = all[index][measure]
                guard value > 0, best.count < count || value > best[best.count - 1].value else { continue }
                if best.count == count { best.removeLast() }
                best.insert((value, index), at: best.firstIndex { $0.value < value } ?? best.count)
            }
            chosen.formUnion(best.map(\.index))
        }
        return chosen.map { all[$0] }
    }

    /// Several lists in one that has each application once, in no order.
    package static func joined(_ lists: [[Activity]]) -> [Activity] {
        var sums: [ApplicationID: Activity] = [:]
        for activity in lists.joined() {
            sums[activity.application, default: Activity(activity.application)].add(activity)
        }
        return Array(sums.values)
    }

    /// All lists in one, the greatest first; the same order each time where some are equal.
    package static func ranked(_ lists: [[Activity]], by measure: Activity.Measure, limit: Int) -> [Activity] {
        let ranked = joined(lists).filter { $0[measure] > 0 }.sorted { left, right in
            let (first, second) = (left[measure], right[measure])
            return first == second ? left.application.description < right.application.description : first > second
        }
        return Array(ranked.prefix(limit))
    }
}

extension ChangeLog {
    /// Tells which applications a daemon has found busiest.
    package func post(busiest: [Activity], as daemon: String) async throws(LogError) {
        try await post(.object([("apps", .array(busiest.map(\.document)))]), as: daemon, on: .busiest)
    }

    /// The lists of all daemons.
    package func busiest() async throws(LogError) -> [[Activity]] {
        try await notices(on: .busiest).all.map { notice in
            notice.document["apps"]?.elements.compactMap { Activity($0) } ?? []
        }
    }
}
