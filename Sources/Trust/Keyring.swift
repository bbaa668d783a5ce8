// The keys of a daemon, out of one file, and the answer to whether a token is to be believed.
//
//     { "issuer": "https://login.example.org", "audience": "cistern",
//       "keys": [ a JSON Web Key with "kid" and "alg", … ],
//       "api_keys": [ { "id", "salt", "hash", "scope", "exp"? }, … ] }

import Documents
package import Grants

/// Somebody whose token is believed.
package struct VerifiedToken: Equatable, Sendable {
    /// For logs: the token's subject, or the id of an API key.
    package let name: String
    package let grant: Grant
    /// Seconds since 1970; nil: until its key is taken out of the file.
    package let expires: Double?
    /// By which it is believed.
    package let key: KeyIdentity
    /// Who has it, of all who have tokens of this file.
    package let holder: TokenHolder
}

/// Whoever may have several tokens, one after the other or beside each other.
package enum TokenHolder: Hashable, Sendable {
    case apiKey(id: String)
    /// Somebody that a key speaks for: nil, if its tokens name nobody, all of them.
    case subject(String?, keyID: String)
}

package struct Keyring: Sendable {
    private let terms: TokenTerms?
    private let keys: [String: Known<SigningKey>]
    private let apiKeys: [String: Known<APIKeyRecord>]

    private struct Known<Key: Sendable>: Sendable {
        let key: Key
        let identity: KeyIdentity
    }

    /// Bytes: some 20,000 API keys.
    package static let maximumFileBytes = 16 << 20

    package init(parsing file: [UInt8]) async throws(KeyFileError) {
        let document: Document
        do { document = try Document(parsing: file) } catch { throw KeyFileError("It is not JSON: \(error)") }
        guard document.kind == .object else { throw KeyFileError("It is no JSON object.") }
        for (name, _) in document.members where !["issuer", "audience", "keys", "api_keys"].contains(name) {
            throw KeyFileError("It has a member “\(name)”; known are issuer, audience, keys and api_keys.")
        }
        (keys, terms) = try await Self.signingKeys(document)
        apiKeys = try Self.apiKeys(document)
        guard !keys.isEmpty || !apiKeys.isEmpty else {
            throw KeyFileError("It has no key, neither in “keys” nor in “api_keys”, so nobody could be let in.")
        }
    }

    private static func signingKeys(
        _ document: Document
    ) async throws(KeyFileError) -> ([String: Known<SigningKey>], TokenTerms?) {
        let terms = Self.terms(document)
        var keys: [String: Known<SigningKey>] = [:]
        for (index, jwk) in try list("keys", in: document).enumerated() {
            let key: SigningKey
            do { key = try await SigningKey(jwk, mayBePrivate: false) } catch {
                throw KeyFileError("/keys/\(index): \(error).")
            }
            let known = Known(key: key, identity: KeyIdentity(jwk, terms: terms))
            guard keys.updateValue(known, forKey: key.id) == nil else {
                throw KeyFileError("/keys/\(index): there are two keys with the “kid” “\(key.id)”.")
            }
        }
        guard keys.isEmpty || terms != nil else {
            throw KeyFileError(
                "It has “keys”, and so takes “issuer” and “audience”: what tokens have as “iss” and “aud”.")
        }
        return (keys, terms)
    }

    private static func terms(_ document: Document) -> TokenTerms? {
        guard let issuer = document["issuer"]?.stringValue, let audience = document["audience"]?.stringValue,
            !issuer.isEmpty, !audience.isEmpty
        else { return nil }
        return TokenTerms(issuer: issuer, audience: audience)
    }

    private static func apiKeys(_ document: Document) throws(KeyFileError) -> [String: Known<APIKeyRecord>] {
        var keys: [String: Known<APIKeyRecord>] = [:]
        for (index, record) in try list("api_keys", in: document).enumerated() {
            let key: APIKeyRecord
            do { key = try APIKeyRecord(record) } catch { throw KeyFileError("/api_keys/\(index): \(error).") }
            let known = Known(key: key, identity: KeyIdentity(record))
            guard keys.updateValue(known, forKey: key.id) == nil else {
                throw KeyFileError("/api_keys/\(index): there are two API keys with the id “\(key.id)”.")
            }
        }
        return keys
    }

    private static func list(_ name: String, in document: Document) throws(KeyFileError) -> [Document] {
        guard let list = document[name] else { return [] }
        guard list.kind == .array else { throw KeyFileError("“\(name)” is no array.") }
        return Array(list.elements)
    }

    /// How many keys there are, for the log.
    package var counts: (keys: Int, apiKeys: Int) { (keys.count, apiKeys.count) }

    package var identities: [KeyIdentity] { keys.values.map(\.identity) + apiKeys.values.map(\.identity) }

    // MARK: Tokens

    /// Takes an API key or a JSON Web Token.
    ///
    /// - Parameter now: Seconds since 1970.
    package func verify(_ token: [UInt8], now: Double) throws(TokenRefusal) -> VerifiedToken {
        if token.starts(with: APIKey.mark.utf8) { return try verifyAPIKey(String(decoding: token, as: UTF8.self), now) }
        let token = try JSONWebToken(parsing: token)
        guard let terms, let known = token.keyID.flatMap({ keys[$0] }) else { throw .unknownKey(token.keyID) }
        try known.key.verify(token)
        let claims = try TokenClaims(token.payload, terms: terms, now: now)
        return VerifiedToken(
            name: claims.subject ?? known.key.id, grant: claims.grant, expires: claims.expires, key: known.identity,
            holder: .subject(claims.subject, keyID: known.key.id))
    }

    private func verifyAPIKey(_ text: String, _ now: Double) throws(TokenRefusal) -> VerifiedToken {
        guard let key = APIKey(text), let known = apiKeys[key.id], known.key.matches(key) else {
            throw .unknownAPIKey
        }
        let record = known.key
        if let expires = record.expires, now >= expires { throw .expired }
        return VerifiedToken(
            name: record.id, grant: record.grant, expires: record.expires, key: known.identity,
            holder: .apiKey(id: record.id))
    }
}
