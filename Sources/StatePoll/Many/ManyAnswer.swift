// What has changed in several applications, as one JSON object. States and patches go in as they are.

import Documents
import Fold
import NIOCore

struct ManyAnswer {
    /// Bytes of states in one answer. What does not fit comes with the next poll, because the client's version of it is still another;
    /// one state always fits.
    static let maximumBytes = 16 << 20

    private var buffer = ByteBuffer(string: "{")
    private(set) var isEmpty = true

    /// - Parameter known: the version that the client has.
    mutating func add(_ application: ApplicationID, _ update: Update, known: VersionToken?) {
        switch update.change {
        case .nothing, .missing: return
        case .full(let content): add(application, update.to, from: nil, "state", content.plain)
        case .patch(let patch): add(application, update.to, from: known, "patch", patch)
        }
    }

    mutating func addUnknown(_ application: ApplicationID) {
        begin(application)
        buffer.writeString("null")
    }

    /// The whole object.
    consuming func encoded() -> ByteBuffer {
        buffer.writeString("}")
        return buffer
    }

    private mutating func add(
        _ application: ApplicationID, _ to: ServedState, from: VersionToken?, _ name: String, _ value: ByteBuffer
    ) {
        guard isEmpty || buffer.readableBytes + value.readableBytes <= Self.maximumBytes else { return }
        begin(application)
        // Names in the order of canonical JSON; tokens and ids have nothing to escape.
        buffer.writeString("{")
        if let from { buffer.writeString("\"from\":\"\(from)\",") }
        if name == "patch" { member(name, value) }
        buffer.writeString("\"position\":\"\(to.positionToken)\",")
        if name == "state" { member(name, value) }
        buffer.writeString("\"version\":\"\(to.versionToken)\"}")
    }

    private mutating func member(_ name: String, _ value: ByteBuffer) {
        buffer.writeString("\"\(name)\":")
        buffer.writeImmutableBuffer(value)
        buffer.writeString(",")
    }

    private mutating func begin(_ application: ApplicationID) {
        if !isEmpty { buffer.writeString(",") }
        isEmpty = false
        buffer.writeString("\"\(application)\":")
    }
}
