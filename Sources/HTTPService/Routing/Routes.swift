// Collects the routes of all roles that a server plays. There is no way to add one without saying which action it is, and
// none past the permission that is asked for it.

package import Fold
package import HTTPTypes
package import Hummingbird

/// A role of a server: the part of the contract it serves.
package protocol RouteProvider: Sendable {
    func addRoutes(to routes: inout Routes)
}

package struct Routes: Sendable {
    package typealias Handler = @Sendable (Call) async throws -> Response

    struct Route: Sendable {
        let method: HTTPRequest.Method
        let template: String
        let action: Action
        let subject: Subject
        /// What a request counts as.
        let work: RatedWork?
        let handler: Handler
    }

    /// What a caller is asked about before the handler is.
    package enum Subject: Sendable {
        /// The application in the path; where there is none, all of them.
        case path
        /// The handler knows which applications the request is about, and asks the caller for each.
        case askedByHandler
    }

    private(set) var all: [Route] = []

    package init() {}

    /// Adds a route.
    ///
    /// - Parameters:
    ///   - method: GET answers HEAD too.
    ///   - template: A path with captures: `/v1/apps/{app}/changes/{change}`. A capture named `app` is checked and comes as
    ///     ``Call/application``; the others by ``Call/parameter(_:)``. One that ends with a slash is reached by paths with and
    ///     without it.
    ///   - handler: What it throws is answered as a problem.
    package mutating func on(
        _ method: HTTPRequest.Method, _ template: String, action: Action, subject: Subject = .path,
        _ handler: @escaping Handler
    ) {
        // Who asks what became of a change pushes nothing.
        let work: RatedWork? = action == .push && method == .get ? .poll : action.ratedWork
        all.append(
            Route(method: method, template: template, action: action, subject: subject, work: work, handler: handler))
    }

    /// Adds a route below `/v1/apps/{app}`, whose handler is given the application.
    package mutating func onApplication(
        _ method: HTTPRequest.Method, _ rest: String = "", action: Action,
        _ handler: @escaping @Sendable (Call, ApplicationID) async throws -> Response
    ) {
        on(method, ApplicationPath.template(rest), action: action) { call in
            guard let application = call.application else { throw Problem(.notFound, "The path names no application.") }
            return try await handler(call, application)
        }
    }

    package mutating func add(_ providers: any RouteProvider...) { add(providers) }

    package mutating func add(_ providers: [any RouteProvider]) {
        for provider in providers { provider.addRoutes(to: &self) }
    }
}

extension Routes {
    /// What the router runs for each request: captures, permission, handler.
    func router(_ services: RequestServices) -> Router<HTTPContext> {
        let router = Router(context: HTTPContext.self, options: .autoGenerateHeadEndpoints)
        var paths = PathTable()
        for route in all { paths.add(route.method, route.template) }
        router.add(middleware: RequestMetrics(routes: all, factory: services.metrics))
        if let crossOrigin = services.crossOrigin {
            router.add(middleware: CrossOriginMiddleware(policy: crossOrigin, paths: paths))
        }
        router.add(middleware: ProblemMiddleware(paths: paths))
        for route in all {
            router.on(RouterPath(route.template), method: route.method) { request, context in
                var call = Call(request: request, context: context, services: services)
                try call.readApplication()
                var response: Response
                do {
                    try call.admit(route)
                    response = try await route.handler(call)
                } catch var problem as Problem {
                    guard problem.kind == .rateLimited else {
                        problem.headers.append(contentsOf: call.rateFields)
                        throw problem
                    }
                    try await Task.sleep(for: RequestRates.refusalPause)
                    throw problem
                }
                response.headers.append(contentsOf: call.rateFields)
                if call.caller.isAuthenticated, response.headers[.cacheControl] == "no-cache" {
                    response.headers[.cacheControl] = "private, no-cache"
                    // What a browser keeps for one token is not for the next one that its user has.
                    response.headers.append(HTTPField(name: .vary, value: "Authorization"))
                }
                return response
            }
        }
        return router
    }
}
