// What is said of an append: a change's position, or why it has none.

package import ChangeLog
import Documents
package import Fold
package import HTTPService

extension AppendRefusal {
    /// - Parameter epoch: the application's, for the position of the change that came first.
    package func problem(_ epoch: Epoch?) -> Problem {
        switch self {
        case .mismatch(let position):
            let problem = Problem(
                .changeIDReused, "Another change was accepted under this id. Choose a new id for a new change.")
            guard let epoch else { return problem }
            return problem.with("position", PositionToken(epoch: epoch, number: position).description)
        case .deleted:
            return Problem(
                .applicationDeleted, "The change belongs to an application that was deleted; it is not applied again.")
        case .tooOld:
            return Problem(.changeTooOld, "The id's time lies before the time in which repeats are recognised.")
        case .fromTheFuture:
            return Problem(.changeFromTheFuture, "The id's time lies ahead of the server's clock. Set the clock right.")
        case .outOfOrder(let expected):
            return Problem(
                .outOfOrder, "The client's next change has the number \(expected). Send the ones before it first."
            )
            .with("expected", .integer(expected))
        case .clientUnknown:
            return Problem(
                .clientUnknown,
                "This client is not known, or not any more, so its changes cannot go on from this number. Begin at 1 under a new name."
            )
        case .backlogFull:
            return Problem(
                .backlogFull, "Too many changes of this application wait to be merged. Nothing was accepted."
            )
            .retry(after: Self.backlogDelay)
        case .partitionFull:
            return Problem(
                .backlogFull,
                "Too many bytes of changes wait to be merged in this application's partition, of this and of others. Nothing was accepted."
            )
            .retry(after: Self.backlogDelay)
        case .recordsFull:
            return Problem(
                .repeatRecordsFull,
                "The store remembers as many change ids as it may. Number the changes (<client>~<n>), which costs one record a client, or try later."
            ).retry(after: Self.recordsDelay)
        }
    }

    /// Records expire by the hour.
    private static let recordsDelay: Duration = .seconds(60)

    /// A merge daemon that works takes a full backlog away within a second or two.
    private static let backlogDelay: Duration = .seconds(2)
}

extension ChangeDocument {
    /// What an append says about a change that has a position; throws why it has none.
    package static func pushed(
        _ id: ChangeID, to application: ApplicationID, _ appended: AppendedChange
    ) throws(Problem) -> (ChangeDocument, isNew: Bool) {
        func document(_ position: UInt64, _ status: ChangeStatus) -> ChangeDocument {
            ChangeDocument(
                application: application, id: id, receipt: PositionToken(epoch: appended.epoch, number: position),
                status: status)
        }
        switch appended.outcome {
        case .appended(let position): return (document(position, .pending), true)
        case .known(let position, let status): return (document(position, status), false)
        case .refused(let refusal): throw refusal.problem(appended.epoch)
        }
    }
}
