// A change inside a larger document: an element of a batch, or what a socket's client pushes. One reader, so that both keep the rules
// of a push.

package import Documents
package import Fold
package import HTTPService

/// Reads `{"id", "type", "if_match"?, "if_none_match"?, "change"}`, parsed by ``parsingLimits``: completely validated.
package struct ChangeElement {
    private let element: Document
    /// Where it stands, as a JSON Pointer.
    private let place: String
    /// What to call an error in its form.
    private let kind: ProblemKind
    /// What a change without a type is; nil if it has to have one.
    private let defaultKind: PatchKind?

    /// For what holds changes. A change is as deep as one that is a body of its own, and stands in an object, in what holds that.
    package static let parsingLimits = ParsingLimits(depth: ParsingLimits.standardDepth + 2)

    package init(_ element: Document, at place: String, errors kind: ProblemKind, defaultKind: PatchKind? = nil) {
        self.element = element
        self.place = place
        self.kind = kind
        self.defaultKind = defaultKind
    }

    private static let members: Set<String> = ["id", "type", "if_match", "if_none_match", "change"]

    package func change(maximumBytes: Int) throws(Problem) -> Change {
        guard element.kind == .object else { throw invalid("A change is given as an object.", at: place) }
        for (name, _) in element.members where !Self.members.contains(name) {
            throw invalid(
                "This object has no member of this name.", at: place + JSONPointer.root.appending(name).description)
        }
        let id = try id
        let patchKind = try patchKind
        guard let value = element["change"] else { throw invalid("The member “change” is missing.", at: place) }
        guard value.encodedCount <= maximumBytes else {
            throw Problem(.changeTooLarge, "The change has more than \(maximumBytes) bytes.")
                .with("limit", maximumBytes).with("pointer", place + "/change")
        }
        let precondition = try precondition
        do {
            return try Change(id: id, precondition: precondition, kind: patchKind, patch: value)
        } catch {
            throw Problem(error, at: place + "/change")
        }
    }

    private var id: ChangeID {
        get throws(Problem) {
            let text = try text("id")
            do { return try ChangeID(text) } catch {
                throw Problem(.invalidID, "\(error)").with("pointer", place + "/id")
            }
        }
    }

    private var patchKind: PatchKind {
        get throws(Problem) {
            if let defaultKind, element["type"] == nil { return defaultKind }
            let type = try text("type")
            guard let parsed = ContentType(type), parsed.isUTF8, let kind = PatchKind(parsed) else {
                throw Problem.unsupportedChangeType(type).with("pointer", place + "/type")
            }
            return kind
        }
    }

    private var precondition: Precondition {
        get throws(Problem) {
            switch (element["if_match"], element["if_none_match"]) {
            case (nil, nil): return .none
            case (_?, nil):
                let value = try text("if_match")
                do { return try Precondition.match(value) } catch { throw error.with("pointer", place + "/if_match") }
            case (nil, _?):
                let value = try text("if_none_match")
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
    }

    private func text(_ name: String) throws(Problem) -> String {
        guard let value = element[name] else { throw invalid("The member “\(name)” is missing.", at: place) }
        guard let text = value.stringValue else {
            throw invalid("The member “\(name)” is a string.", at: "\(place)/\(name)")
        }
        return text
    }

    private func invalid(_ detail: String, at pointer: String) -> Problem {
        Problem(kind, detail).with("pointer", pointer)
    }
}
