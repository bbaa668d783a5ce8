// GET …/state: the latest full state, as often as anybody asks.

import Fold
package import HTTPService
import HTTPTypes
import Hummingbird

package struct StateRoutes: RouteProvider {
    private let answering: StateAnswering

    package init(states: States) {
        answering = StateAnswering(states: states)
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.get, "/state", action: .poll, state)
    }

    @Sendable private func state(_ call: Call, of application: ApplicationID) async throws -> Response {
        let query = call.query
        let preferences = Preferences(call.headers)
        var question = StateQuestion(application: application)
        question.atLeast = try query.token("at_least", as: PositionToken.self)
        question.isFresh = try query.flag("fresh")
        question.patience = preferences.wait
        question.known = KnownVersions(call.headers)
        let applied = preferences.applied(wait: question.atLeast != nil)
        switch try await answering.answer(question) {
        case .full(let served):
            let headers = headers(of: served, for: call, applied)
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: served.body))
        case .notModified(let served):
            return Response(status: .notModified, headers: headers(of: served, for: call, applied))
        }
    }

    private func headers(of served: ServedState, for call: Call, _ preferenceApplied: String?) -> HTTPFields {
        var headers = StateFields.fields(etag: served.etag, position: served.positionToken)
        headers.append(
            contentsOf: StateFields.fields(
                isPrivate: call.caller.isAuthenticated,
                pollInterval: answering.states.configuration.pollInterval))
        headers[.preferenceApplied] = preferenceApplied
        return headers
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
