// What a token says about itself (RFC 7519 §4.1), and whether that holds here and now. Pure.

package import Documents
package import Grants

/// Who issues tokens, and whom they are meant for.
package struct TokenTerms: Equatable, Sendable {
    package let issuer: String
    package let audience: String

    package init(issuer: String, audience: String) {
        self.issuer = issuer
        self.audience = audience
    }
}

package struct TokenClaims: Sendable {
    package let subject: String?
    package let grant: Grant
    /// Seconds since 1970.
    package let expires: Double

    /// Seconds that the clock of whoever issues tokens may be ahead. An expiry is taken at its word.
    package static let leeway: Double = 30

    /// - Parameter now: Seconds since 1970.
    package init(_ payload: Document, terms: TokenTerms, now: Double) throws(TokenRefusal) {
        guard payload["iss"]?.stringValue == terms.issuer else { throw .wrongIssuer }
        guard Self.audiences(payload["aud"]).contains(terms.audience) else { throw .wrongAudience }
        guard let exp = payload["exp"] else { throw .noExpiry }
        expires = try Self.date(exp, "exp")
        guard now < expires else { throw .expired }
        if let notBefore = payload["nbf"], try Self.date(notBefore, "nbf") > now + Self.leeway { throw .notYetValid }
        subject = payload["sub"]?.stringValue
        switch payload["scope"] {
        case nil: throw .badScope(ScopeError("There is no claim “scope”."))
        case let claim?:
            guard let text = claim.stringValue else { throw .badScope(ScopeError("The claim “scope” is no string.")) }
            do { grant = try Grant(text) } catch { throw .badScope(error) }
        }
    }

    private static func audiences(_ claim: Document?) -> [String] {
        guard let claim else { return [] }
        return claim.stringValue.map { [$0] } ?? claim.elements.compactMap(\.stringValue)
    }

    /// A NumericDate: seconds, also with a fraction.
    private static func date(_ claim: Document, _ name: String) throws(TokenRefusal) -> Double {
        guard let seconds = claim.numberSpelling.flatMap({ Double($0) }), seconds.isFinite else {
            throw .malformed("“\(name)” is no number of seconds")
        }
        return seconds
    }
}
