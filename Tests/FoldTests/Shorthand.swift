import Documents
import Testing

@testable import Fold

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func change(
    _ id: String, _ text: String, _ kind: PatchKind = .mergePatch, if precondition: Precondition = .none
) throws -> Change {
    try Change(id: try ChangeID(id), precondition: precondition, kind: kind, parsing: bytes(text).span)
}

/// An entry as the append script writes it.
func entry(
    _ id: String, _ text: String, _ kind: PatchKind = .mergePatch, if condition: FoldCondition = .none,
    time: UInt64 = 1_700_000_000_000
) throws -> [UInt8] {
    let change = try change(id, text, kind)
    return LogEntry.bytes(
        time: time, id: change.id, kind: kind, condition: condition, digest: change.digest, body: change.body)
}

func emptyState(
    _ application: String = "board", epoch: String = "e1", limits: DocumentLimits = .standard
) throws -> ApplicationState {
    ApplicationState(
        application: try ApplicationID(application), epoch: try #require(Epoch(epoch)), limits: limits)
}

extension ApplicationState {
    var text: String { document.text }
}
