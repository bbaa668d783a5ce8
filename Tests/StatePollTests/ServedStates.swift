import Fold
import NIOCore
import Testing

@testable import StatePoll

/// A state as a watcher would serve it.
func served(
    _ text: String, epoch: String = "e1", position: UInt64, version: UInt64? = nil
) throws -> ServedState {
    ServedState(
        Snapshot(
            application: try ApplicationID("a"), epoch: try #require(Epoch(epoch)), position: position,
            version: version ?? position, logBytes: 0, records: ChangeRecords(), state: Array(text.utf8)[...]))
}

func version(_ number: UInt64, epoch: String = "e1") throws -> VersionToken {
    VersionToken(epoch: try #require(Epoch(epoch)), number: number)
}
