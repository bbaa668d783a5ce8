package import Fold

/// A copy of an application's state that follows its log: pure, fed with slices.
///
/// Merge daemons and poll servers fold with the same one.
package struct Replica: Sendable {
    package let application: ApplicationID
    package private(set) var state: ApplicationState?
    private let settings: StoreSettings

    package init(of application: ApplicationID, settings: StoreSettings) {
        self.application = application
        self.settings = settings
    }

    /// From where the next slice has to be read; nil to start anew.
    package var place: PositionToken? {
        state.map { PositionToken(epoch: $0.epoch, number: $0.position) }
    }

    package struct Progress {
        /// Whether the replica started again from a checkpoint or from nothing.
        package let restarted: Bool
        package let folded: Int
        package let rejections: [RejectedChange]
        /// When the first of the entries was appended, in milliseconds since 1970 by the clock of Redis.
        package let oldest: UInt64?
    }

    /// Folds a slice in that was read from `place` on.
    ///
    /// - Throws: ``SnapshotError`` if the checkpoint's state is no JSON.
    package mutating func absorb(_ slice: LogSlice) throws(SnapshotError) -> Progress {
        var state: ApplicationState
        switch slice.restart {
        case .empty:
            state = ApplicationState(
                application: application, epoch: slice.epoch, limits: settings.limits,
                foldVersion: settings.foldVersion)
        case .checkpoint(let checkpoint):
            state = try ApplicationState(
                checkpoint, epoch: slice.epoch, limits: settings.limits, foldVersion: settings.foldVersion)
        case nil:
            // Taken out so that the document has one owner and is changed in place.
            guard let present = self.state.take(), present.position == slice.from, present.epoch == slice.epoch else {
                // The slice was read from somewhere else: nothing of it can be used.
                return Progress(restarted: true, folded: 0, rejections: [], oldest: nil)
            }
            state = present
        }
        var rejections: [RejectedChange] = []
        for entry in slice.entries {
            let record = state.fold(entry)
            guard let rejection = record.rejection, let id = record.id else { continue }
            rejections.append(
                RejectedChange(position: state.position, id: id, digest: record.digest, rejection: rejection))
        }
        self.state = state
        return Progress(
            restarted: slice.restart != nil, folded: slice.entries.count, rejections: rejections,
            oldest: slice.entries.first.flatMap { LogEntry($0)?.time })
    }

    package mutating func keepRecords(_ count: Int) {
        state?.keepRecords(count)
    }

    package mutating func snapshot() -> Snapshot? {
        state?.snapshot()
    }

    package mutating func reset() {
        state = nil
    }
}
