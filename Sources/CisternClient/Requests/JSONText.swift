/// A JSON text (RFC 8259) as it is sent and received: UTF-8 bytes, neither parsed nor changed on the way, so that numbers keep all their digits.
public struct JSONText: Hashable, Sendable, CustomStringConvertible {
    public let bytes: [UInt8]

    /// - Parameter bytes: UTF-8. The server checks whether it is JSON.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    public init(_ text: String) { bytes = Array(text.utf8) }

    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONText: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
