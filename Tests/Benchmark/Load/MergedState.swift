import Foundation
import NIOCore

/// A state that is kept up by merge patches (RFC 7396), with somebody else's JSON: what is checked must not check itself.
struct MergedState {
    private var members: [String: Any]

    init(_ state: ByteBuffer) throws {
        members = try Self.object(state)
    }

    mutating func merge(_ patch: ByteBuffer) throws {
        Self.merge(try Self.object(patch), into: &members)
    }

    private static func merge(_ patch: [String: Any], into target: inout [String: Any]) {
        for (name, value) in patch {
            switch value {
            case is NSNull: target[name] = nil
            case let object as [String: Any]:
                var present = target[name] as? [String: Any] ?? [:]
                merge(object, into: &present)
                target[name] = present
            default: target[name] = value
            }
        }
    }

    private static func object(_ bytes: ByteBuffer) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
        guard let object = value as? [String: Any] else { throw Wrong("That is no object: \(String(buffer: bytes))") }
        return object
    }

    /// As short as can be, members by name: what a board in canonical JSON is, to the byte.
    var text: String {
        get throws {
            let bytes = try JSONSerialization.data(
                withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
