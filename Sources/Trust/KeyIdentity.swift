// Tells whether a key of one file is that of an earlier one: as long as nothing that is said of it has changed.

import Crypto
import Documents

/// A digest of everything that a file says of a key, so that secrets in it are not kept a second time.
package struct KeyIdentity: Hashable, Sendable {
    private let digest: [UInt8]

    /// - Parameter terms: What its tokens have to say, for keys that tokens are signed by.
    init(_ key: Document, terms: TokenTerms? = nil) {
        let parts = [terms.map { .string($0.issuer) } ?? .null, terms.map { .string($0.audience) } ?? .null, key]
        digest = Array(SHA256.hash(data: Document.array(parts).encoded()))
    }
}
