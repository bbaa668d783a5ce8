// A change and what became of it, as JSON: the body of every answer about a change.

package import ChangeLog
package import Documents
package import Fold
package import HTTPService
import HTTPTypes

/// A change that has a position.
package struct ChangeDocument: Sendable {
    package let application: ApplicationID
    package let id: ChangeID
    package let receipt: PositionToken
    package var status: ChangeStatus

    package init(application: ApplicationID, id: ChangeID, receipt: PositionToken, status: ChangeStatus) {
        self.application = application
        self.id = id
        self.receipt = receipt
        self.status = status
    }

    package var members: [(String, Document)] {
        var members: [(String, Document)] = [
            ("app", .string(application.description)), ("id", .string(id.description)),
            ("epoch", .string(receipt.epoch.description)), ("position", .integer(receipt.number)),
            ("receipt", .string(receipt.description)), ("status", .string(status.name)),
        ]
        if case .rejected(let rejection) = status { members.append(("reason", rejection.problem.document)) }
        return members
    }

    /// The document in canonical JSON. Nothing in the common case needs escaping, so it is written without a tree.
    ///
    /// - Parameter receipt: the receipt's text, which whoever answers needs for a header field too.
    package func encoded(receipt: String) -> [UInt8] {
        if case .rejected = status { return Document.object(members).encoded() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.usualBytes + 2 * receipt.utf8.count)
        func add(_ text: StaticString, _ value: String) {
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            bytes.append(contentsOf: value.utf8)
        }
        add(#"{"app":""#, application.description)
        add(#"","epoch":""#, self.receipt.epoch.description)
        add(#"","id":""#, id.description)
        add(#"","position":"#, String(self.receipt.number))
        add(#","receipt":""#, receipt)
        add(#"","status":""#, status.name)
        add(#""}"#, "")
        return bytes
    }

    /// Bytes: the names, an application and a change of some length.
    private static let usualBytes = 160

    /// The change's own resource.
    package var path: String {
        let (application, id) = (application.description, id.description)
        var path = ""
        path.reserveCapacity(Self.fixedPathBytes + application.utf8.count + id.utf8.count)
        path += "/v1/apps/"
        path += application
        path += "/changes/"
        path += id
        return path
    }

    private static let fixedPathBytes = 18

    /// Whether `return=minimal` may leave the body out: not where it says why the change came to nothing.
    package var needsBody: Bool {
        switch status {
        case .rejected, .dropped: true
        case .pending, .applied: false
        }
    }
}

extension PatchKind {
    /// The media type of the patch (`application/json` is taken for a merge patch too).
    package var contentType: ContentType {
        switch self {
        case .mergePatch: .mergePatch
        case .jsonPatch: .jsonPatch
        case .cisternPatch: .cisternPatch
        }
    }

    /// Nil for a media type that is no kind of change.
    package init?(_ type: ContentType) {
        switch type.essence {
        case ContentType.mergePatch.essence, ContentType.json.essence: self = .mergePatch
        case ContentType.jsonPatch.essence: self = .jsonPatch
        case ContentType.cisternPatch.essence: self = .cisternPatch
        default: return nil
        }
    }

    /// For error messages and the `Accept` field of a 415.
    package static var mediaTypes: String {
        allCases.map(\.contentType.description).joined(separator: ", ")
    }
}

extension Problem {
    /// A media type that is no kind of change, or none at all.
    package static func unsupportedChangeType(_ text: String?) -> Problem {
        let found = text.map { "“\($0)” is not a kind of change" } ?? "There is no Content-Type"
        return Problem(.unsupportedChangeType, "\(found); these are: \(PatchKind.mediaTypes).")
            .with("supported", .array(PatchKind.allCases.map { .string($0.contentType.description) }))
            .with(header: .accept, PatchKind.mediaTypes)
    }

    /// Why a body is no patch. `prefix` is where the patch stands in the body, as a JSON Pointer.
    package init(_ error: PatchError, at prefix: String? = nil) {
        switch error {
        case .malformedJSON(let error):
            self = Problem(error)
        case .invalidPatch(let pointer, let message):
            self = Problem(.invalidPatch, message).with("pointer", (prefix ?? "") + pointer.description)
        }
    }

    package init(_ error: ParsingError) {
        self = Problem(.malformedJSON, "At byte \(error.offset): \(error.message).").with("offset", error.offset)
    }
}
