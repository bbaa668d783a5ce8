package import Fold
package import HTTPService
import HTTPTypes
package import NIOCore

/// One version of one application, ready to send. A class, because it is handed on more often than made.
package final class ServedState: Sendable {
    package let epoch: Epoch
    /// How much of the log is folded in. Moves on without a new version when changes are rejected.
    package let position: UInt64
    package let version: UInt64
    /// The state in canonical JSON.
    package let body: ByteBuffer
    /// The same with its codings. Shared by all positions of a version.
    let content: Content
    /// The version as a strong ETag, in quotes (RFC 9110 §8.8.3).
    package let etag: String
    let weakETag: String
    /// The heads of a 200 and of a 304, but for what a server adds.
    package let fullHead: AnswerHead
    package let notModifiedHead: AnswerHead
    /// The head of a 304 for somebody who would get the gzip coding: bytes differ, so the ETag is a weak one (RFC 9110 §8.8.3.3).
    let weakNotModifiedHead: AnswerHead

    package convenience init(_ snapshot: Snapshot) {
        self.init(
            epoch: snapshot.epoch, position: snapshot.position, version: snapshot.version,
            content: Content(ByteBuffer(bytes: snapshot.state)))
    }

    private init(epoch: Epoch, position: UInt64, version: UInt64, content: Content) {
        self.epoch = epoch
        self.position = position
        self.version = version
        self.content = content
        body = content.plain
        let version = VersionToken(epoch: epoch, number: version)
        etag = "\"\(version)\""
        weakETag = "W/\(etag)"
        let position = PositionToken(epoch: epoch, number: position)
        weakNotModifiedHead = AnswerHead(
            .notModified, AnswerFields(StateFields.fields(etag: weakETag, position: position)))
        var lines = AnswerFields(StateFields.fields(etag: etag, position: position))
        notModifiedHead = AnswerHead(.notModified, lines)
        lines.add("Content-Length", String(body.readableBytes))
        fullHead = AnswerHead(.ok, lines)
    }

    package var versionToken: VersionToken { VersionToken(epoch: epoch, number: version) }
    package var positionToken: PositionToken { PositionToken(epoch: epoch, number: position) }

    /// What to serve once `next` is known: never anything older of the same epoch, and the bytes that are there already if the
    /// version is the same.
    func advanced(to next: ServedState) -> ServedState {
        guard next.epoch == epoch else { return next }
        guard next.position > position else { return self }
        guard next.version == version else { return next }
        return ServedState(epoch: epoch, position: next.position, version: version, content: content)
    }
}
