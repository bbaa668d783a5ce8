import Fold
import HTTPService
import HTTPTypes
import NIOCore
import Testing

@testable import StatePoll

@Suite("Who waits for the next version of a state")
struct StateWaitTests {
    private func question(known: UInt64?, wait: Duration? = .seconds(10), path: String = "") throws -> StateQuestion {
        var question = StateQuestion(application: try ApplicationID("a"), from: .anonymous)
        if let known { question.known = .versions([try version(known)]) }
        question.view = View(path: try StatePath(path), delta: .mergePatch)
        question.patience = wait
        return question
    }

    private func waiting(_ outcome: StateWait.Outcome) throws -> StateWait {
        guard case .wait(let wait) = outcome else { throw Unexpected() }
        return wait
    }

    private func answer(_ outcome: StateWait.Outcome) throws -> StateAnswer {
        guard case .answer(let answer) = outcome else { throw Unexpected() }
        return answer
    }

    private struct Unexpected: Error {}

    @Test("A 304 at the end confirms the version that the client was found to have, whatever has come meanwhile")
    func confirmed() throws {
        let first = try served("1", position: 1)
        let wait = try waiting(try StateWait(try question(known: 1), since: .now).outcome(.state(first)))
        let end = try wait.end(.state(try served("2", position: 2)))
        #expect(end.status.code == 304)
        #expect(end.served.version == 1)
    }

    @Test(
        "A part that is the same in a later version moves the base on, and the client's own version stays the delta's")
    func parts() throws {
        var wait = StateWait(try question(known: 1, path: "/p"), since: .now)
        wait = try waiting(try wait.outcome(Update(to: try served("{}", position: 5), change: .nothing)))
        #expect(wait.step.have == (try version(5)))
        let patch = Update(to: try served("{}", position: 6), change: .patch(ByteBuffer(string: "7")))
        guard case .delta(.mergePatch, let base, _) = try answer(try wait.outcome(patch)).form else {
            Issue.record("No delta")
            return
        }
        #expect(base == (try version(1)))
    }

    @Test("Without patience, without a version or with no time nobody waits for a state that is there")
    func nobodyWaits() throws {
        let state = try served("1", position: 1)
        for question in [
            try question(known: 1, wait: nil), try question(known: nil), try question(known: 1, wait: .zero),
        ] {
            let outcome = try StateWait(question, since: .now).outcome(.state(state))
            #expect(try answer(outcome).status.code == 304)
        }
    }

    @Test("For an application that does not exist waits who has no version of it; who has one is told at once")
    func unknown() throws {
        _ = try waiting(try StateWait(try question(known: nil), since: .now).outcome(.unknown))
        for question in [try question(known: 1), try question(known: nil, wait: nil)] {
            #expect(throws: Problem.self) { try StateWait(question, since: .now).outcome(.unknown) }
        }
        // With Redis away nobody knows, and who can wait does.
        _ = try waiting(try StateWait(try question(known: 1), since: .now).outcome(.unavailable))
    }

    @Test("The wait ends up to a tenth early, and never late")
    func deadline() throws {
        let now = ContinuousClock.now
        for _ in 0..<1_000 {
            let wait = StateWait(try question(known: 1), since: now)
            #expect(wait.deadline - now > .seconds(9))
            #expect(wait.deadline - now < .seconds(10))
        }
    }
}
