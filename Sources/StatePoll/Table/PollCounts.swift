// How much each application is polled, told by each event loop once a second of what it has counted by itself, so that no poll touches
// memory that other threads write.

import ChangeLog
import Fold
import NIOCore
import Synchronization

/// The latest counts of all event loops.
final class PollCounts: Sendable {
    private let loops = Mutex<[ObjectIdentifier: [Activity]]>([:])

    /// Replaces what an event loop has told before.
    func tell(_ activities: [Activity], of eventLoop: any EventLoop) {
        loops.withLock { $0[ObjectIdentifier(eventLoop)] = activities }
    }

    /// The busiest of this server.
    var busiest: [Activity] {
        let lists = loops.withLock { Array($0.values) }
        return BusiestApplications.chosen(from: BusiestApplications.joined(lists), by: Self.measures)
    }

    static let measures: [Activity.Measure] = [.polls, .followers]
}
