/// Where an operation stands.
///
///     queued → running → succeeded | failed | dead
///                      → queued, when its lease runs out, its worker gives it back or fails and it is to be tried again
///     queued → cancelled; running → cancelling → cancelled | succeeded
package enum OperationStatus: String, CaseIterable, Sendable {
    /// Waits for a worker, or for the time of its next attempt.
    case queued
    /// A worker has it under a lease.
    case running
    /// A worker has it, and is told with its next heartbeat that nobody wants it any more.
    case cancelling
    case succeeded
    /// Its worker said that it cannot be done.
    case failed
    case cancelled
    /// None of its attempts came to an end.
    case dead

    /// Whether nothing will become of it any more.
    package var isOver: Bool {
        switch self {
        case .queued, .running, .cancelling: false
        case .succeeded, .failed, .cancelled, .dead: true
        }
    }
}
