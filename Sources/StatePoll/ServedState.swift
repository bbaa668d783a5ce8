package import Fold
package import NIOCore

/// One version of one application, ready to send.
package struct ServedState: Sendable {
    package let epoch: Epoch
    /// How much of the log is folded in. Moves on without a new version when changes are rejected.
    package let position: UInt64
    package let version: UInt64
    /// The state in canonical JSON.
    package let body: ByteBuffer
    /// The version as a strong ETag, in quotes (RFC 9110 §8.8.3).
    package let etag: String

    package init(_ snapshot: Snapshot) {
        epoch = snapshot.epoch
        position = snapshot.position
        version = snapshot.version
        body = ByteBuffer(bytes: snapshot.state)
        etag = "\"\(snapshot.versionToken)\""
    }

    /// The same version, further along the log.
    private init(_ other: ServedState, position: UInt64) {
        epoch = other.epoch
        self.position = position
        version = other.version
        body = other.body
        etag = other.etag
    }

    package var versionToken: VersionToken { VersionToken(epoch: epoch, number: version) }
    package var positionToken: PositionToken { PositionToken(epoch: epoch, number: position) }

    /// What to serve once `next` is known: never anything older of the same epoch, and the bytes that are there already if the
    /// version is the same.
    func advanced(to next: ServedState) -> ServedState {
        guard next.epoch == epoch else { return next }
        guard next.position > position else { return self }
        return next.version == version ? ServedState(self, position: next.position) : next
    }
}
