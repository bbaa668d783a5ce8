// What is answered: the presence of one application as ready bytes.

import Crypto
import Fold
package import NIOCore

/// Everybody who is here in an application: `{"clients":{"<client>":{"value":…},…}}` in canonical JSON, sorted by id.
///
/// Nothing in it depends on time or on the server, so the same clients are the same bytes everywhere.
package struct PresenceContent: Sendable {
    package let body: ByteBuffer
    /// A strong ETag, in quotes: the beginning of the body's SHA-256.
    package let etag: String

    /// Bytes of the hash in the ETag. Two contents with one tag would be a change that nobody is told of.
    private static let tagBytes = 16

    init(of table: PresenceTable) {
        var body = ByteBuffer()
        body.reserveCapacity(table.bytes)
        body.writeString(#"{"clients":{"#)
        var separator = ""
        let clients = table.entries.compactMap { client, entry in entry.value.map { (client, $0) } }
        for (client, value) in clients.sorted(by: { $0.0 < $1.0 }) {
            // An id has nothing that needs escaping.
            body.writeString("\(separator)\"\(client)\":{\"value\":")
            body.writeBytes(value)
            body.writeString("}")
            separator = ","
        }
        body.writeString("}}")
        self.body = body
        var digits = ""
        for byte in SHA256.hash(data: body.readableBytesView).prefix(Self.tagBytes) {
            digits += byte < 16 ? "0" : ""
            digits += String(byte, radix: 16)
        }
        etag = "\"\(digits)\""
    }
}
