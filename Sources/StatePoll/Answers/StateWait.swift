// Somebody who waits for the next version of a state: what they have, what they want, and what they are answered when. A value,
// without I/O; whoever holds it sees to being told of new versions.

import Fold
import HTTPService
import LogAnswers

struct StateWait: Sendable {
    enum Outcome: Sendable {
        case answer(StateAnswer)
        case wait(StateWait)
    }

    /// What is served of an application at a moment.
    enum Served: Sendable {
        case state(ServedState)
        /// There is no such application.
        case unknown
        /// Nobody has been able to look.
        case unavailable
    }

    let question: StateQuestion
    /// When the client has to have its answer. Up to a tenth earlier than it asked for, so that those who began together do not come
    /// back together.
    let deadline: ContinuousClock.Instant
    /// From where the next update has to lead: the client's version, or a later one with the same part.
    private var have: VersionToken?
    /// What was served when the client was last found to have it: what a 304 confirms, whatever may have come meanwhile.
    private var confirmed: ServedState?

    init(_ question: StateQuestion, since now: ContinuousClock.Instant) {
        self.question = question
        deadline = now + (question.patience.map { Waiting.hurried($0) } ?? .zero)
        have = question.known.first
    }

    /// What to ask the application's editions.
    var step: Step { Step(have: have, view: question.view, coding: question.coding) }

    /// What follows from what is served, for somebody who has it already or of whom there is nothing to work out.
    func outcome(_ served: Served) throws(Problem) -> Outcome {
        switch served {
        case .state(let state): return unchanged(at: state)
        case .unknown:
            // Who has a version of it learns that it is gone; who has none waits for its first change.
            if question.waits, question.known == .none { return .wait(self) }
            throw Problem.unknownApp(question.application)
        case .unavailable:
            if question.waits { return .wait(self) }
            throw .stateUnavailable
        }
    }

    func outcome(_ update: Update) throws(Problem) -> Outcome {
        switch update.change {
        case .nothing: return unchanged(at: update.to)
        case .full(let content): return .answer(answer(.full(content), update.to))
        case .patch(let patch):
            // Without a form and a version there are no patches.
            guard let form = question.view.delta, let base = question.known.first else {
                return unchanged(at: update.to)
            }
            return .answer(answer(.delta(form, from: base, patch), update.to))
        case .missing:
            throw Problem(.noSuchPath, "The state has nothing at “\(question.view.path.text)”.")
                .with("position", update.to.positionToken.description)
        }
    }

    /// The answer when the time is over.
    func end(_ served: Served) throws(Problem) -> StateAnswer {
        if let confirmed { return answer(.notModified, confirmed) }
        switch served {
        case .state, .unavailable: throw .stateUnavailable
        case .unknown: throw Problem.unknownApp(question.application)
        }
    }

    private func unchanged(at served: ServedState) -> Outcome {
        guard question.waits, question.known != .none else { return .answer(answer(.notModified, served)) }
        var wait = self
        wait.have = served.versionToken
        wait.confirmed = served
        return .wait(wait)
    }

    private func answer(_ form: StateAnswer.Form, _ served: ServedState) -> StateAnswer {
        StateAnswer(form: form, served: served, coding: question.coding)
    }
}

extension StateTable.Entry {
    var whatIsServed: StateWait.Served {
        if let served { return .state(served) }
        // That there was no such application a while ago says nothing about now.
        return isUnknown && !lastLookFailed ? .unknown : .unavailable
    }
}

extension Problem {
    static var stateUnavailable: Problem {
        Problem(.stateUnavailable, "The state is not known here, and the log cannot be reached at the moment.").retry(
            after: .seconds(1))
    }
}
