// GET …/state: the latest full state, as often as anybody asks.

import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import ServiceLifecycle

package struct StateRoutes: RouteProvider {
    private let answering: StateAnswering
    private let feeds: FeedsOfLoops

    package init(states: States, feeds: FeedsOfLoops) {
        answering = StateAnswering(states: states)
        self.feeds = feeds
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.get, "/state", action: .poll, state)
    }

    @Sendable private func state(_ call: Call, of application: ApplicationID) async throws -> Response {
        let question = try StateQuestion(
            application: application, query: call.query, headers: call.headers, from: call.caller)
        answering.states.countPoll(of: application)
        if question.wantsEvents { return try await events(question, call) }
        let answer = try await answer(question, call)
        try call.caller.stillThere()
        var headers = answer.fields
        headers.append(contentsOf: serverFields(call))
        headers[.preferenceApplied] = question.preferenceApplied(answer.course)
        guard let body = answer.body else { return Response(status: answer.status, headers: headers) }
        return Response(status: answer.status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    private func answer(_ question: StateQuestion, _ call: Call) async throws -> StateAnswer {
        guard question.waits else { return try await answering.answer(question) }
        // Nobody waits for somebody who has gone.
        return try await call.whileConnected { [answering] () throws(Problem) in try await answering.answer(question) }
    }

    /// The events from what the client has on, until it goes or the server stops.
    private func events(_ question: StateQuestion, _ call: Call) async throws(Problem) -> Response {
        _ = try await answering.prepare(question)
        let events = try await PulledEvents.open(question, feeds, on: call.eventLoop)
        var headers = StateFields.events
        headers.append(contentsOf: serverFields(call))
        let body = ResponseBody { writer in
            call.onDeparture { events.end() }
            try await withTaskCancellationHandler {
                try await withGracefulShutdownHandler {
                    while let piece = try await events.next() { try await writer.write(piece) }
                } onGracefulShutdown: {
                    events.end()
                }
            } onCancel: {
                events.end()
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func serverFields(_ call: Call) -> HTTPFields {
        StateFields.fields(
            isPrivate: call.caller.isAuthenticated, pollInterval: answering.states.pollInterval)
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
