// One answer to a poll, as status, header fields and body: the same bytes by every way.

import Fold
import HTTPService
import HTTPTypes
import NIOCore

struct StateAnswer: Sendable {
    enum Form: Sendable {
        /// The client has it already.
        case notModified
        case full(Content)
        /// From a version that the client has.
        case delta(DeltaForm, from: VersionToken, ByteBuffer)
    }

    let form: Form
    let served: ServedState
    let coding: Coding
    var course = WaitCourse.unneeded

    var status: HTTPResponse.Status {
        switch form {
        case .notModified: .notModified
        case .full: .ok
        case .delta: .imUsed
        }
    }

    /// Nil for answers that have none.
    var body: ByteBuffer? {
        switch form {
        case .notModified: nil
        case .full(let content): content.bytes(for: coding).0
        case .delta(_, _, let patch): patch
        }
    }

    /// What depends on the state and on what was asked, but for the body's length.
    var fields: HTTPFields {
        let isCoded: Bool
        var type = ContentType.json
        switch form {
        case .notModified: isCoded = coding == .gzip && served.content.isWorthCompressing
        case .full(let content): isCoded = content.bytes(for: coding).1 == .gzip
        case .delta(let form, _, _):
            isCoded = false
            type = form.contentType
        }
        var fields = StateFields.fields(
            etag: isCoded ? served.weakETag : served.etag, position: served.positionToken, type: type)
        switch form {
        case .notModified: break
        case .full: if isCoded { fields[.contentEncoding] = "gzip" }
        case .delta(let form, let base, _):
            fields[.im] = form.rawValue
            fields[.deltaBase] = "\"\(base)\""
        }
        return fields
    }
}

extension HTTPResponse.Status {
    /// RFC 3229 §10.4.1.
    fileprivate static let imUsed = HTTPResponse.Status(code: 226, reasonPhrase: "IM Used")
}
