// What everybody may see of an operation.

import Crypto
package import Documents
package import Fold

package struct OperationDocument: Sendable {
    package let application: ApplicationID
    package let id: OperationID
    package let status: OperationStatus
    package let kind: OperationKind
    /// Milliseconds since 1970, by the clock of Redis; so are all times.
    package let created: UInt64
    package let updated: UInt64
    /// How often it was claimed and not given back.
    package let attempt: Int
    package let attempts: Int
    package let priority: Int
    package let isCancelRequested: Bool
    /// 0 for at once.
    package let notBefore: UInt64
    /// When it is forgotten; nil as long as it is not over.
    package let expires: UInt64?
    package let progress: Document?
    package let error: Document?
    package let result: Result?
    /// A JSON Pointer into the application's state.
    package let place: String?
    /// By which the store knows this document from every other of the operation.
    package let revision: String
    /// When this was asked for.
    package let now: UInt64

    package struct Result: Hashable, Sendable {
        package let mediaType: String
        package let digest: ContentDigest

        package init(mediaType: String, digest: ContentDigest) {
            self.mediaType = mediaType
            self.digest = digest
        }

        func document(of id: OperationID, in application: ApplicationID) -> Document {
            .object([
                ("href", .string(OperationDocument.path(of: id, in: application) + "/result")),
                ("media_type", .string(mediaType)), ("digest", .string(digest.field)),
            ])
        }
    }

    package init(
        application: ApplicationID, id: OperationID, status: OperationStatus, kind: OperationKind, created: UInt64,
        updated: UInt64, attempt: Int, attempts: Int, priority: Int, isCancelRequested: Bool, notBefore: UInt64,
        expires: UInt64?, progress: Document?, error: Document?, result: Result?, place: String?,
        revision: String, now: UInt64
    ) {
        self.application = application
        self.id = id
        self.status = status
        self.kind = kind
        self.created = created
        self.updated = updated
        self.attempt = attempt
        self.attempts = attempts
        self.priority = priority
        self.isCancelRequested = isCancelRequested
        self.notBefore = notBefore
        self.expires = expires
        self.progress = progress
        self.error = error
        self.result = result
        self.place = place
        self.revision = revision
        self.now = now
    }

    package var path: String { Self.path(of: id, in: application) }

    fileprivate static func path(of id: OperationID, in application: ApplicationID) -> String {
        "/v1/apps/\(application)/operations/\(id)"
    }

    package var resultPath: String { path + "/result" }

    /// Seconds until who waits for it should ask again.
    package var retryAfter: Int {
        let start = status == .queued && notBefore > now ? notBefore - now : 0
        return OperationPace.retryAfter(age: now > created ? now - created : 0, start: start)
    }

    package var document: Document {
        var members: [(String, Document)] = [
            ("app", .string("\(application)")), ("id", .string("\(id)")), ("kind", .string("\(kind)")),
            ("status", .string(status.rawValue)), ("done", .bool(status.isOver)), ("attempt", .integer(attempt)),
            ("attempts", .integer(attempts)), ("priority", .integer(priority)),
            ("cancel_requested", .bool(isCancelRequested)),
            ("created_at", .string(RFC3339.string(milliseconds: created))),
            ("updated_at", .string(RFC3339.string(milliseconds: updated))),
        ]
        if notBefore > 0 { members.append(("not_before", .string(RFC3339.string(milliseconds: notBefore)))) }
        if let place { members.append(("publish", .string(place))) }
        if let expires { members.append(("expires_at", .string(RFC3339.string(milliseconds: expires)))) }
        if let progress { members.append(("progress", progress)) }
        if let error { members.append(("error", error)) }
        if let result { members.append(("result", result.document(of: id, in: application))) }
        return .object(members)
    }

    /// The document as it was when the operation was made.
    package var whenMade: OperationDocument {
        OperationDocument(
            application: application, id: id, status: .queued, kind: kind, created: created, updated: created,
            attempt: 0, attempts: attempts, priority: priority, isCancelRequested: false, notBefore: notBefore,
            expires: nil, progress: nil, error: nil, result: nil, place: place, revision: "", now: created)
    }

    /// A strong entity tag: of the bytes, so that no two documents have the same one, whatever Redis has lost.
    package var etag: String { ContentDigest(of: document.encoded()).etag }
}

/// SHA-256 of some bytes.
package struct ContentDigest: Hashable, Sendable {
    /// In base64.
    package let base64: String

    package init(of bytes: some Sequence<UInt8>) {
        base64 = Self.base64(Array(SHA256.hash(data: Array(bytes))))
    }

    /// As a script has kept it.
    package init(base64: String) { self.base64 = base64 }

    /// As in a `Content-Digest` (RFC 9530 §2).
    package var field: String { "sha-256=:\(base64):" }

    /// A strong entity tag of the same bytes.
    package var etag: String { "\"\(base64)\"" }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// RFC 4648 §4.
    private static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for place in 0..<4 {
                let isFilled = place <= part.count
                text.append(isFilled ? digits[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
