// Heads of answers as they go over the wire.

package import HTTPTypes

/// Lines of header fields, each with its end.
package struct AnswerFields: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// Bytes: four or five fields.
    private static let usualBytes = 256

    /// Says that the connection ends with this answer (RFC 9112 §9.6).
    static let close = Array("Connection: close\r\n".utf8)

    package init(_ fields: HTTPFields = HTTPFields()) {
        bytes.reserveCapacity(Self.usualBytes)
        for field in fields { add(field.name.rawName, field.value) }
    }

    /// - Parameter value: Visible ASCII and spaces only; it comes from this program, never from a peer unchecked.
    package mutating func add(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(Byte.colon)
        bytes.append(Byte.space)
        bytes.append(contentsOf: value.utf8)
        bytes.append(Byte.carriageReturn)
        bytes.append(Byte.lineFeed)
    }
}

/// The status line, and fields that many answers have in common.
package struct AnswerHead: Sendable {
    package let status: Int
    package let bytes: [UInt8]

    package init(_ status: HTTPResponse.Status, _ fields: AnswerFields = AnswerFields()) {
        self.status = status.code
        bytes = Array("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8) + fields.bytes
    }

    /// The status line alone; ready for the statuses of a push that went well.
    package static func of(_ status: HTTPResponse.Status) -> AnswerHead {
        switch status {
        case .created: created
        case .ok: ok
        case .noContent: noContent
        default: AnswerHead(status)
        }
    }

    private static let created = AnswerHead(.created)
    private static let ok = AnswerHead(.ok)
    private static let noContent = AnswerHead(.noContent)
}
