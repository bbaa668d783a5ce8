// One file, with all that its answers need made beforehand.

import Crypto
import Gzip
import HTTPService
import HTTPTypes
import Hummingbird
import NIOCore

struct WebFile: Sendable {
    private let plain: Coded
    /// Nil where compressing gains nothing.
    private let compressed: Coded?

    private struct Coded {
        let bytes: ByteBuffer
        let fields: HTTPFields
    }

    /// - Parameter server: another one than its own that a page may connect to.
    init(path: String, text: String, connectingTo server: String? = nil) {
        let bytes = ByteBuffer(string: text)
        // A strong tag says which bytes were sent, so each coding has its own (RFC 9110 §8.8.3.3).
        let name = SHA256.hash(data: Array(text.utf8)).prefix(Self.tagBytes).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        var fields = Self.fields(connectingTo: server)
        fields[.contentType] = MediaType.of(path)
        fields[.eTag] = "\"\(name)\""
        plain = Coded(bytes: bytes, fields: fields)
        fields[.eTag] = "\"\(name)-gzip\""
        fields[.contentEncoding] = "gzip"
        compressed = Gzip.compress(bytes).flatMap {
            $0.readableBytes < bytes.readableBytes ? Coded(bytes: $0, fields: fields) : nil
        }
    }

    /// Bytes of the digest in a tag: 64 bits, as it only has to tell the releases of one file apart.
    private static let tagBytes = 8

    func response(to headers: HTTPFields) -> Response {
        let coded = WeightedList(headers, .acceptEncoding).allows("gzip") ? compressed ?? plain : plain
        guard let tag = coded.fields[.eTag], KnownTags(headers).contains(tag) else {
            return Response(status: .ok, headers: coded.fields, body: ResponseBody(byteBuffer: coded.bytes))
        }
        var fields = coded.fields
        fields[.contentType] = nil
        fields[.contentEncoding] = nil
        return Response(status: .notModified, headers: fields)
    }

    /// What all files have.
    private static func fields(connectingTo server: String?) -> HTTPFields {
        [
            // A client that is kept beside a newer server would be a second version of the program; asking costs a 304.
            .cacheControl: "no-cache",
            .vary: "Accept-Encoding",
            .contentSecurityPolicy: contentSecurityPolicy(connectingTo: server),
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer",
        ]
    }

    /// Nothing from elsewhere but the answers to pushes, nothing inline: text that comes out of a state can never become a script. `'self'` is for
    /// sockets of the same host too. Pictures may be `data:`, as styles draw small ones with them.
    private static func contentSecurityPolicy(connectingTo server: String?) -> String {
        [
            "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
            "connect-src 'self'" + (server.map { " \($0)" } ?? ""), "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }
}
