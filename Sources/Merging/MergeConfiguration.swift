/// How a merge daemon paces its work. Correctness does not depend on any of it.
package struct MergeConfiguration: Sendable {
    /// Names the daemon in leases and in the list of daemons that are alive; unique among those that run.
    package var name: String
    /// How long a lease lasts without renewal: after this others take over from a daemon that died.
    package var lease: Duration = .seconds(5)
    /// How often the dirty sets are looked through, in case a hint was lost.
    package var sweepInterval: Duration = .milliseconds(250)
    /// Changes since the last checkpoint that make the next one due.
    package var checkpointChanges = 1_000
    /// Time since the last checkpoint that makes the next one due.
    package var checkpointInterval: Duration = .seconds(1)
    /// Without a change for this long an application has fallen quiet and is checkpointed.
    package var quietTime: Duration = .milliseconds(200)
    /// Applications worked on at the same time. Most of a cycle is waiting for Redis and memcached.
    package var concurrency = 64
    /// Bytes of canonical JSON of all documents kept in memory between cycles. In memory a document takes a few times as much.
    package var documentBytes = 256 << 20

    package init(name: String) {
        self.name = name
    }

    /// Renewed three times before it would run out.
    var leaseRenewal: Duration { lease / 3 }

    /// Changes folded before a state is published even if more are waiting, so that a long backlog shows progress and no script
    /// gets more rejections than it can write in a few milliseconds.
    static let maximumChangesPerPublish = 4_000

    /// A crash of its machine costs a Redis with `appendfsync everysec` up to two seconds; a promotion as much as the replica was
    /// behind. Snapshots carry the records of what was appended since then, and more.
    static let lossWindow: Duration = .seconds(3)

    /// Records that a snapshot carries at least, a few KB: of an application that changes now and then they reach back for as long
    /// as a slow machine or replica may take.
    static let minimumRecords = 64

    /// … and at most: two publishes' worth and what gathers between checkpoints. More would push the state out of memcached.
    static let maximumRecords = 10_000
}

/// When an application's state may be published again.
struct Pacing: Sendable {
    /// A busy application is published again after ten times what folding and storing it took the last time: a tenth of the time goes
    /// into work that the next change makes obsolete. Waiting for Redis, whose disk may be slow, is no work.
    static let factor = 10
    static let shortest: Duration = .milliseconds(1)
    /// Nobody waits longer than this for a change because the application is busy.
    static let longest: Duration = .milliseconds(25)

    static func pause(afterWorkOf work: Duration) -> Duration {
        min(max(work * factor, shortest), longest)
    }
}
