// What of a state somebody wants, and how they take what has changed.

import Documents
import Fold
import HTTPService

struct View: Hashable, Sendable {
    /// The part that everything is about.
    var path = StatePath.whole
    /// How changes are told to somebody who has an earlier version; nil: never but by the full state.
    var delta: DeltaForm?
}

/// The instance manipulations (RFC 3229 §10.5.3) that turn one version into the next.
enum DeltaForm: String, CaseIterable, Sendable {
    case mergePatch = "merge-patch"
    case jsonPatch = "json-patch"

    /// The one that a client likes best; nil if it takes none.
    init?(_ list: WeightedList) {
        guard let name = list.preferred(among: Self.allCases.map(\.rawValue)) else { return nil }
        self.init(rawValue: name)
    }

    var contentType: ContentType {
        switch self {
        case .mergePatch: .mergePatch
        case .jsonPatch: .jsonPatch
        }
    }
}

/// A JSON Pointer into a state.
struct StatePath: Hashable, Sendable {
    /// As it was given, without the encoding of URLs.
    let text: String
    let pointer: JSONPointer

    static let whole = StatePath(text: "", pointer: .root)

    /// Characters of a pointer. Longer ones name nothing that anybody meant to write.
    static let maximumBytes = 1_024

    private init(text: String, pointer: JSONPointer) {
        self.text = text
        self.pointer = pointer
    }

    /// Throws ``ProblemKind/invalidParameter`` if it is no JSON Pointer (RFC 6901 §3).
    init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Problem.invalidParameter("path", "is longer than \(Self.maximumBytes) bytes")
                .with("limit", Self.maximumBytes)
        }
        self.text = text
        do { pointer = try JSONPointer(parsing: text) } catch {
            throw Problem.invalidParameter("path", "is no JSON Pointer: \(error.message)")
        }
    }

    /// The part that a query names, or the only one that the caller may see.
    init(_ query: Query, of application: ApplicationID, for caller: Caller) throws(Problem) {
        let asked = try query.string("path").map { text throws(Problem) in try StatePath(text) } ?? .whole
        let part = try caller.part(asked.pointer, of: application)
        self = part == asked.pointer ? asked : StatePath(text: "\(part)", pointer: part)
    }

    var isWhole: Bool { text.isEmpty }

    static func == (one: StatePath, other: StatePath) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
