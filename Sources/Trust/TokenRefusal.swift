// Why a token is not believed: one sentence each, which its holder may read. None says anything about other tokens or keys.

package import Grants

package enum TokenRefusal: Error, Equatable, Sendable {
    case malformed(String)
    /// Of no key in the file.
    case unknownKey(String?)
    /// The key is for another algorithm.
    case wrongAlgorithm(String, wanted: String)
    case badSignature
    case expired
    case notYetValid
    case noExpiry
    case wrongIssuer
    case wrongAudience
    case badScope(ScopeError)
    /// No such API key, or another secret than its own.
    case unknownAPIKey
}

extension TokenRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what): "The token is malformed: \(what)."
        case .unknownKey(let id?): "The token is signed by a key “\(id)” that is not known here."
        case .unknownKey(nil): "The token does not name the key it is signed by (“kid”)."
        case .wrongAlgorithm(let name, let wanted):
            "The token says it is signed by \(name), but its key is for \(wanted)."
        case .badSignature: "The token's signature is not its key's."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .noExpiry: "The token has no time of expiry (“exp”)."
        case .wrongIssuer: "The token is of another issuer (“iss”) than the one that is trusted here."
        case .wrongAudience: "The token is meant for another audience (“aud”)."
        case .badScope(let error): "The token's scope is not understood. \(error)"
        case .unknownAPIKey: "The API key is not known."
        }
    }
}
