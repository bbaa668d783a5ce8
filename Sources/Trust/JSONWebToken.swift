// A JSON Web Token in compact form (RFC 7519, RFC 7515 §7.1), taken apart but not believed: that is the keyring's.

package import Documents

package struct JSONWebToken: Sendable {
    package let header: Document
    package let payload: Document
    /// What is signed.
    let signed: ArraySlice<UInt8>
    let signature: [UInt8]

    /// Bytes. A head of a request has no more.
    package static let maximumBytes = 8_192

    package init(parsing token: [UInt8]) throws(TokenRefusal) {
        guard token.count <= Self.maximumBytes else { throw .malformed("it has more than \(Self.maximumBytes) bytes") }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("it has \(parts.count) parts between dots, not three") }
        header = try Self.object(parts[0], "header")
        payload = try Self.object(parts[1], "payload")
        guard let signature = Base64URL.decode(parts[2]) else { throw .malformed("its signature is not in base64url") }
        self.signature = signature
        signed = token[..<parts[1].endIndex]
        // What has to be understood in a header (RFC 7515 §4.1.11) is never understood here.
        guard header["crit"] == nil else { throw .malformed("its header has “crit”, which is not understood here") }
    }

    private static func object(_ part: ArraySlice<UInt8>, _ name: String) throws(TokenRefusal) -> Document {
        guard let bytes = Base64URL.decode(part) else { throw .malformed("its \(name) is not in base64url") }
        let document: Document
        do { document = try Document(parsing: bytes) } catch {
            throw .malformed("its \(name) is not JSON: \(error.message)")
        }
        guard document.kind == .object else { throw .malformed("its \(name) is no object") }
        return document
    }

    package var algorithm: String? { header["alg"]?.stringValue }
    package var keyID: String? { header["kid"]?.stringValue }
}
