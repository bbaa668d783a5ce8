// Every limit of operations, with its unit and its reason, and what holds where a request says nothing.

package enum OperationLimits {
    // MARK: Creating

    /// Bytes of the request that makes an operation. A claim answers with many of them; what is larger belongs elsewhere, and its address
    /// into the input.
    package static let requestBytes = 64 << 10
    /// After so many crashes it is the operation that crashes its workers.
    package static let usualAttempts = 3
    package static let attempts = 1...100
    package static let usualPriority = 5
    /// 9 comes first.
    package static let priorities = 0...9
    /// Seconds of a deadline: up to 30 days, as long as results may be kept.
    package static let deadlines = 1...2_592_000
    /// Bytes of the place at which an operation is published, and how deep it may be: far from the depth that a document may have.
    package static let placeBytes = 1_024
    package static let placeDepth = 32
    /// Characters of an `Idempotency-Key`; clients mostly send a UUID.
    package static let keyCharacters = 1...255

    // MARK: Working

    /// Several heartbeats, and the time in which nobody notices that a worker has died.
    package static let usualLease: Duration = .seconds(30)
    /// Seconds. Less than one is lost to a slow answer; who is not heard of for an hour is not at work.
    package static let leases = 1...3_600
    /// Operations in one claim: with the largest inputs and checkpoints 4 MiB.
    package static let claimedAtOnce = 1...32
    /// A claim asks for each of them in each partition.
    package static let claimedKinds = 1...16
    package static let claimedApplications = 1...100
    /// Seconds, as all waits.
    package static let claimWaits = 0...60
    /// Bytes of what a worker goes on from after a crash.
    package static let checkpointBytes = 64 << 10
    /// Bytes of a sentence to people, and of an error.
    package static let progressBytes = 4 << 10
    package static let errorBytes = 16 << 10
    /// Bytes of a heartbeat: its checkpoint, its progress, and what stands around them.
    package static let heartbeatBytes = checkpointBytes + progressBytes + 1 << 10
    /// Bytes of all other requests of workers.
    package static let workBytes = 64 << 10
    /// Bytes of a result, as of a change.
    package static let resultBytes = 1 << 20
    /// Bytes of its media type.
    package static let mediaTypeBytes = 256
    /// Seconds until the next attempt, if the worker says so: a day.
    package static let retryPauses = 0...86_400
    /// It doubles with each attempt up to that, if the worker says nothing.
    package static let longestRetryPause: Duration = .seconds(60)

    // MARK: Keeping

    /// Operations that one claim settles because their time has come; what is left is settled by the next one.
    package static let settledAtOnce = 100

    // MARK: Listing

    /// Operations on a page. One of them has up to 21 KiB: error, progress, and what stands around them.
    package static let pages = 1...100
    package static let usualPage = 50
    /// Operations that a page which leaves some out looks at: some milliseconds of Redis.
    package static let listedAtOnce = 500

    // MARK: Publishing

    /// Between what is said of an operation in its application's state and how far it is by then: four times a second at most.
    package static let publishingPause: Duration = .milliseconds(250)
    /// Statuses of an operation that wait to be said, because the application takes no changes. Then those in between are left out.
    package static let untoldStatuses = 16
    /// Operations of a partition of which something is said in one round.
    package static let publishedAtOnce = 100
}

/// What an operator says of operations.
package struct OperationSettings: Sendable, Equatable {
    /// How long an operation that is over can be asked for.
    package var keeping: Duration = .seconds(24 * 60 * 60)
    /// Of one application, waiting or at work.
    package var alive = 10_000

    package init() {}
}
