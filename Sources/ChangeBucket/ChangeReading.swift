// From the bytes of a request to changes, completely validated: nothing is appended that could have been refused here.

import ChangeLog
import Documents
import Fold
import HTTPService
import LogAnswers

enum ChangeReading {
    /// The change in the body of a single push.
    static func change(
        id: ChangeID, kind: PatchKind, precondition: Precondition, body: Span<UInt8>
    ) throws(Problem) -> Change {
        do {
            return try Change(id: id, precondition: precondition, kind: kind, parsing: body)
        } catch {
            throw Problem(error)
        }
    }

    /// The changes of a batch, in order: `[{"id", "type", "if_match"?, "if_none_match"?, "change"}…]`.
    static func batch(_ body: Span<UInt8>, maximumChangeBytes: Int) throws(Problem) -> [Change] {
        let document: Document
        do { document = try Document(parsing: body, limits: ChangeElement.parsingLimits) } catch {
            throw Problem(error)
        }
        guard document.kind == .array else {
            throw Problem(.invalidBatch, "A batch is an array of changes.").with("pointer", "")
        }
        guard document.count <= ChangeLog.maximumChangesPerAppend else {
            throw Problem(
                .batchTooLarge,
                "The batch has \(document.count) changes; it takes at most \(ChangeLog.maximumChangesPerAppend)."
            ).with("limit", ChangeLog.maximumChangesPerAppend)
        }
        var changes: [Change] = []
        changes.reserveCapacity(document.count)
        for element in document.elements {
            let element = ChangeElement(element, at: "/\(changes.count)", errors: .invalidBatch)
            changes.append(try element.change(maximumBytes: maximumChangeBytes))
        }
        return changes
    }
}
