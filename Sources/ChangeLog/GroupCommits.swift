package import Fold
package import NIOCore
import NIOPosix
import Synchronization

/// The group commits of all event loops of a group, for callers on whatever thread.
package final class GroupCommits: Sendable {
    private let commits: [NIOLoopBoundBox<GroupCommit>]
    private let places: [ObjectIdentifier: Int]
    private let turn = Atomic<UInt>(0)

    package init(log: ChangeLog, eventLoopGroup: any EventLoopGroup, limits: GroupCommitLimits = GroupCommitLimits()) {
        let eventLoops = Array(eventLoopGroup.makeIterator())
        commits = eventLoops.map { eventLoop in
            .makeBoxSendingValue(
                GroupCommit(log: log, eventLoop: eventLoop, limits: limits), as: GroupCommit.self, eventLoop: eventLoop)
        }
        places = Dictionary(
            eventLoops.enumerated().map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The one of this event loop, for a caller on it; nil if the loop is none of the group's.
    package func on(_ eventLoop: any EventLoop) -> GroupCommit? {
        places[ObjectIdentifier(eventLoop)].map { commits[$0].value }
    }

    /// Appends a change among those of the current event loop, or of the next one in turn if this is called on none of the group's.
    package func append(_ change: Change, to application: ApplicationID) async throws(LogError) -> AppendedChange {
        let commit = commits[here ?? nextInTurn]
        let result = await withCheckedContinuation { continuation in
            commit.eventLoop.execute {
                commit.value.append(change, to: application) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    private var here: Int? {
        MultiThreadedEventLoopGroup.currentEventLoop.flatMap { places[ObjectIdentifier($0)] }
    }

    private var nextInTurn: Int {
        Int(turn.wrappingAdd(1, ordering: .relaxed).oldValue % UInt(commits.count))
    }
}
