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
        // A change is nested in an object in an array, and its depth counts from itself.
        let limits = ParsingLimits(depth: ParsingLimits.standardDepth + 2)
        let document: Document
        do { document = try Document(parsing: body, limits: limits) } catch { throw Problem(error) }
        guard document.kind == .array else {
            throw invalid("A batch is an array of changes.", at: "")
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
            changes.append(try change(in: element, at: "/\(changes.count)", maximumBytes: maximumChangeBytes))
        }
        return changes
    }

    private static let members: Set<String> = ["id", "type", "if_match", "if_none_match", "change"]

    private static func change(
        in element: Document, at place: String, maximumBytes: Int
    ) throws(Problem) -> Change {
        guard element.kind == .object else { throw invalid("Each element of a batch is an object.", at: place) }
        for (name, _) in element.members where !members.contains(name) {
            throw invalid(
                "A change in a batch has no member of this name.", at: JSONPointer.root.text(below: place, name))
        }
        let id: ChangeID
        do {
            id = try ChangeID(try text("id", of: element, at: place))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.invalidID, "\(error)").with("pointer", place + "/id")
        }
        let type = try text("type", of: element, at: place)
        guard let parsed = ContentType(type), parsed.isUTF8, let kind = PatchKind(parsed) else {
            throw Problem.unsupportedChangeType(type).with("pointer", place + "/type")
        }
        guard let value = element["change"] else { throw invalid("The member “change” is missing.", at: place) }
        guard value.encodedCount <= maximumBytes else {
            throw Problem(.changeTooLarge, "The change has more than \(maximumBytes) bytes.")
                .with("limit", maximumBytes).with("pointer", place + "/change")
        }
        guard value.depth <= ParsingLimits.standardDepth else {
            throw Problem(.invalidPatch, "Arrays and objects are nested deeper than \(ParsingLimits.standardDepth).")
                .with("pointer", place + "/change")
        }
        let precondition = try precondition(of: element, at: place)
        do {
            return try Change(id: id, precondition: precondition, kind: kind, patch: value)
        } catch {
            throw Problem(error, at: place + "/change")
        }
    }

    private static func precondition(of element: Document, at place: String) throws(Problem) -> Precondition {
        switch (element["if_match"], element["if_none_match"]) {
        case (nil, nil): return .none
        case (_?, nil):
            let value = try text("if_match", of: element, at: place)
            do { return try Precondition.match(value) } catch { throw error.with("pointer", place + "/if_match") }
        case (nil, _?):
            let value = try text("if_none_match", of: element, at: place)
            do { return try Precondition.noneMatch(value) } catch {
                throw error.with("pointer", place + "/if_none_match")
            }
        case (_?, _?):
            throw Problem(
                .invalidPrecondition, "if_match and if_none_match are both given; a change takes one of them."
            )
            .with("pointer", place)
        }
    }

    private static func text(_ name: String, of element: Document, at place: String) throws(Problem) -> String {
        guard let value = element[name] else { throw invalid("The member “\(name)” is missing.", at: place) }
        guard let text = value.stringValue else {
            throw invalid("The member “\(name)” is a string.", at: "\(place)/\(name)")
        }
        return text
    }

    private static func invalid(_ detail: String, at pointer: String) -> Problem {
        Problem(.invalidBatch, detail).with("pointer", pointer)
    }
}

extension JSONPointer {
    /// The pointer to a member below a place that is already a pointer's text.
    fileprivate func text(below place: String, _ name: String) -> String {
        place + JSONPointer.root.appending(name).description
    }
}
