// New keys to sign tokens with.

import Crypto
package import Documents

package enum KeyMaking {
    /// A new key for ES256: the private one, which stays with whoever issues tokens, and the public one for the daemons' file.
    package static func es256(id: String) -> (secret: Document, open: Document) {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.rawRepresentation
        let open: [(String, Document)] = [
            ("kty", .string("EC")), ("crv", .string("P-256")), ("alg", .string("ES256")), ("kid", .string(id)),
            ("x", .string(Base64URL.encode(point.prefix(point.count / 2)))),
            ("y", .string(Base64URL.encode(point.suffix(point.count / 2)))),
        ]
        return (
            .object(open + [("d", .string(Base64URL.encode(key.rawRepresentation)))]), .object(open)
        )
    }
}
