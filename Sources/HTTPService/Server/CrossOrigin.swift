// Cross-origin requests (the Fetch standard's CORS protocol): configured origins may read what everybody else may only send.

import HTTPTypes
import Hummingbird

/// Which pages' scripts may read answers.
package struct CrossOriginPolicy: Sendable {
    /// Compared byte by byte with the Origin field: `https://app.example.org`, without a slash at the end. `*` is any.
    package let origins: Set<String>

    /// Nil if there are no origins, and so nothing to do.
    package init?(origins: [String]) {
        guard !origins.isEmpty else { return nil }
        self.origins = Set(origins)
    }

    /// What scripts may send.
    static let requestHeaders =
        "Content-Type, If-Match, If-None-Match, Prefer, A-IM, Authorization, Last-Event-ID, Lease-Token, Idempotency-Key, Range, If-Range"
    /// What scripts may see.
    static let exposedHeaders =
        "ETag, Location, Operation-Location, Link, Content-Range, Content-Digest, Repr-Digest, Accept-Ranges, Retry-After, RateLimit, RateLimit-Policy, IM, Delta-Base, Preference-Applied, WWW-Authenticate, Cistern-Position, Cistern-Poll-Interval"
    /// Seconds for which a browser need not ask again; browsers cap it at two hours.
    static let preflightSeconds = 7200

    var allowsAny: Bool { origins.contains("*") }

    /// What to name in Access-Control-Allow-Origin, nil if this origin may not.
    package func allowed(_ origin: String?) -> String? {
        if allowsAny { return "*" }
        guard let origin, origins.contains(origin) else { return nil }
        return origin
    }
}

struct CrossOriginMiddleware: RouterMiddleware {
    typealias Context = HTTPContext

    let policy: CrossOriginPolicy
    let paths: PathTable

    func handle(
        _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
    ) async throws -> Response {
        let origin = request.headers[.origin]
        var response: Response
        if let preflight = preflight(request, origin: origin) {
            response = preflight
        } else {
            response = try await next(request, context)
            if origin != nil, let allowed = policy.allowed(origin) {
                response.headers[.accessControlAllowOrigin] = allowed
                response.headers[.accessControlExposeHeaders] = CrossOriginPolicy.exposedHeaders
            }
        }
        // Also without an Origin field: a cache must not hand this answer to somebody who sends one.
        if !policy.allowsAny { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        return response
    }

    /// The answer to a preflight of an allowed origin, nil for everything else.
    private func preflight(_ request: Request, origin: String?) -> Response? {
        guard request.method == .options, origin != nil, request.headers.contains(.accessControlRequestMethod),
            let allowed = policy.allowed(origin)
        else { return nil }
        let methods = paths.methods(at: request.uri.path)
        guard !methods.isEmpty else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowOrigin: allowed,
                .accessControlAllowMethods: methods.map(\.rawValue).joined(separator: ", "),
                .accessControlAllowHeaders: CrossOriginPolicy.requestHeaders,
                .accessControlMaxAge: String(CrossOriginPolicy.preflightSeconds),
            ])
    }
}
