// A key that tokens are signed by, as a JSON Web Key (RFC 7517) with an id and one algorithm, which no token can choose.

import Crypto
package import Documents
import JWTKit

package struct KeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

package struct SigningKey: Sendable {
    package let id: String
    package let algorithm: String
    private let work: any JWTAlgorithm

    /// - Parameter mayBePrivate: Whether the key may be one that signs. Shared secrets always are.
    package init(_ jwk: Document, mayBePrivate: Bool) async throws(KeyFileError) {
        guard let id = jwk["kid"]?.stringValue, !id.isEmpty else { throw KeyFileError("it has no “kid”") }
        guard let algorithm = jwk["alg"]?.stringValue else {
            throw KeyFileError("“\(id)” has no “alg”: each key is for one algorithm")
        }
        (self.id, self.algorithm) = (id, algorithm)
        if jwk["kty"]?.stringValue == "oct" {
            work = try await Self.shared(jwk, id, algorithm)
            return
        }
        guard mayBePrivate || jwk["d"] == nil else {
            throw KeyFileError(
                "“\(id)” is a private key (it has “d”): here belongs only its public part, as “cistern token key” prints it"
            )
        }
        guard let allowed = Self.asymmetric[algorithm], allowed == jwk["kty"]?.stringValue else {
            throw KeyFileError(
                "“\(id)” has “alg” \(algorithm), which is not for its “kty”; EC takes ES256, ES384 or ES512, "
                    + "RSA RS256 to RS512 or PS256 to PS512, OKP EdDSA, oct HS256 to HS512"
            )
        }
        if allowed == "RSA", (jwk["n"]?.stringValue).flatMap(Base64URL.decode)?.count ?? 0 < Self.leastModulus {
            throw KeyFileError("“\(id)” is an RSA key of less than \(Self.leastModulus * 8) bits")
        }
        do {
            let keys = JWTKeyCollection()
            try await keys.add(jwk: JWK(json: String(decoding: jwk.encoded(), as: UTF8.self)))
            work = try await keys.getKey(for: JWKIdentifier(string: id), alg: algorithm)
        } catch {
            throw KeyFileError("“\(id)” is not understood as a key: \(error)")
        }
    }

    private static let asymmetric = [
        "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP", "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
        "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    ]
    /// Bytes: 2,048 bits, the least of NIST SP 800-131A.
    private static let leastModulus = 256

    private static func shared(
        _ jwk: Document, _ id: String, _ algorithm: String
    ) async throws(KeyFileError) -> any JWTAlgorithm {
        let digests: [String: (DigestAlgorithm, Int)] = [
            "HS256": (.sha256, 32), "HS384": (.sha384, 48), "HS512": (.sha512, 64),
        ]
        guard let (digest, least) = digests[algorithm] else {
            throw KeyFileError("“\(id)” has “kty” oct, and so takes HS256, HS384 or HS512 as “alg”")
        }
        guard let secret = (jwk["k"]?.stringValue).flatMap(Base64URL.decode), secret.count >= least else {
            throw KeyFileError("“\(id)” takes as “k” at least \(least) bytes in base64url (RFC 7518 §3.2)")
        }
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: digest, kid: JWKIdentifier(string: id))
        do { return try await keys.getKey(for: JWKIdentifier(string: id)) } catch { throw KeyFileError("\(error)") }
    }

    /// Whether the token is signed by this key, by its algorithm.
    func verify(_ token: JSONWebToken) throws(TokenRefusal) {
        guard token.algorithm == algorithm else {
            throw .wrongAlgorithm(token.algorithm ?? "nothing", wanted: algorithm)
        }
        guard (try? work.verify(token.signature, signs: Array(token.signed))) == true else { throw .badSignature }
    }

    /// A token of this payload.
    package func sign(_ payload: Document) throws(KeyFileError) -> String {
        let header = Document.object([
            ("alg", .string(algorithm)), ("kid", .string(id)), ("typ", .string("JWT")),
        ])
        let signed = Base64URL.encode(header.encoded()) + "." + Base64URL.encode(payload.encoded())
        do { return signed + "." + Base64URL.encode(try work.sign(Array(signed.utf8))) } catch {
            throw KeyFileError("“\(id)” cannot sign: it has no private part")
        }
    }
}
