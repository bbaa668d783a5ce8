// GET /v1/states: many applications in one poll.

import Fold
package import HTTPService
import HTTPTypes
import Hummingbird

package struct ManyStatesRoutes: RouteProvider {
    private let answering: StateAnswering
    private var states: States { answering.states }

    package init(states: States) {
        answering = StateAnswering(states: states)
    }

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/v1/states", action: .poll, subject: .askedByHandler, poll)
    }

    @Sendable private func poll(_ call: Call) async throws -> Response {
        let question = try ManyQuestion(query: call.query, headers: call.headers, from: call.caller)
        let applications = question.questions.map(\.application)
        try call.pay(forPollsOf: applications)
        for application in applications { states.countPoll(of: application) }
        var headers = StateFields.many
        headers.append(
            contentsOf: StateFields.fields(
                isPrivate: call.caller.isAuthenticated, pollInterval: states.pollInterval))
        let mayWait = question.patience != nil && states.beginFollowing(applications)
        defer { if mayWait { states.endFollowing(applications) } }
        headers[.preferenceApplied] = question.preferenceApplied(mayWait: mayWait)
        // Nobody waits for somebody who has gone.
        let changed = try await call.whileConnected { () async throws(Problem) -> ManyAnswer in
            try await answer(question, mayWait: mayWait)
        }
        try call.caller.stillThere()
        let body = ResponseBody(byteBuffer: changed.encoded())
        return Response(status: .ok, headers: headers, body: body)
    }

    private func answer(_ question: ManyQuestion, mayWait: Bool) async throws(Problem) -> ManyAnswer {
        let deadline = ContinuousClock.now + (question.patience.map { Waiting.hurried($0) } ?? .zero)
        // Listening first, so that nothing falls between a look and the wait for the next change.
        let news = News(of: question.questions.map(\.application), in: states)
        defer { news.end() }
        let silent = await unanswerable(question.questions)
        let questions = question.questions.filter { !silent.contains($0.application) }
        guard !questions.isEmpty else { throw .stateUnavailable }
        while true {
            let (answer, endsWait) = await collect(questions)
            if endsWait || !mayWait { return answer }
            guard await news.next(until: deadline) else { return answer }
        }
    }

    /// Sees to it that nothing older is answered than what the client has.
    ///
    /// - Returns: the applications of which that cannot be said at the moment. They are left out, as if nothing had changed.
    private func unanswerable(_ questions: [StateQuestion]) async -> Set<ApplicationID> {
        await withTaskGroup(of: ApplicationID?.self) { group in
            for question in questions {
                group.addTask {
                    guard let entry = try? await answering.prepare(question), entry.isKnown else {
                        return question.application
                    }
                    return nil
                }
            }
            return await group.reduce(into: []) { silent, application in
                if let application { silent.insert(application) }
            }
        }
    }

    private func collect(_ questions: [StateQuestion]) async -> (answer: ManyAnswer, endsWait: Bool) {
        var answer = ManyAnswer()
        var endsWait = false
        for question in questions {
            let entry = states.poll(question.application)
            switch entry.whatIsServed {
            case .unavailable: break
            case .unknown:
                answer.addUnknown(question.application)
                // That it is still unknown is news only to somebody who has a version of it.
                if question.known != .none { endsWait = true }
            case .state:
                let step = Step(have: question.known.first, view: question.view)
                guard let update = await entry.live.editions.update(step) else { continue }
                switch update.change {
                case .nothing, .missing: break
                case .full, .patch:
                    answer.add(question.application, update, known: question.known.first)
                    endsWait = true
                }
            }
        }
        return (answer, endsWait)
    }
}
