// Names of header fields that HTTPTypes does not know.

package import HTTPTypes

extension HTTPField.Name {
    package static let prefer = constant("Prefer")
    package static let preferenceApplied = constant("Preference-Applied")
    /// Deltas (RFC 3229 §10.5): which forms a client takes, which one was used, and from which version it leads.
    package static let aIM = constant("A-IM")
    package static let im = constant("IM")
    package static let deltaBase = constant("Delta-Base")
    /// What a client may, and what is left of it (draft-ietf-httpapi-ratelimit-headers).
    package static let rateLimitPolicy = constant("RateLimit-Policy")
    package static let rateLimit = constant("RateLimit")
    /// Of Server-Sent Events: the last event that a client has seen.
    package static let lastEventID = constant("Last-Event-ID")
    /// Whether a proxy of nginx' kind may gather the answer.
    package static let accelBuffering = constant("X-Accel-Buffering")
    /// What a page's requests say about where they come from (W3C Referrer Policy §4.1).
    package static let referrerPolicy = constant("Referrer-Policy")
    /// Where the next page of a list is (RFC 8288).
    package static let link = constant("Link")
    /// Where a long-running operation is to be asked for.
    package static let operationLocation = constant("Operation-Location")
    /// What a worker has been given with an operation; who has another one may say nothing about it.
    package static let leaseToken = constant("Lease-Token")
    /// By which a request that has no name for what it makes is known again (draft-ietf-httpapi-idempotency-key-header).
    package static let idempotencyKey = constant("Idempotency-Key")
    /// SHA-256 of the bytes of an answer, and of all that it is a part of (RFC 9530).
    package static let contentDigest = constant("Content-Digest")
    package static let reprDigest = constant("Repr-Digest")
    /// Where the next page is (RFC 8288).
    /// How far a state is folded, or where a change stands.
    package static let cisternPosition = constant("Cistern-Position")
    /// Milliseconds until the next poll is welcome.
    package static let cisternPollInterval = constant("Cistern-Poll-Interval")

    /// Only for the names above: whether they are valid is decided by this file, never by a peer.
    private static func constant(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a header field") }
        return name
    }
}
