import SystemSupport
import Testing

@testable import cistern_faults

@Suite("Checks of what is read")
struct ReadingCheckTests {
    @Test("A history in which all goes well breaks no promise, with and without losses")
    func good() {
        let history =
            sent("x~1", "y") + [
                acknowledged("x~1", 1), saw("x~1"), .unchanged(client: 1, application: "a", version: token(1)),
                acknowledged("y", 2), saw("x~1", "y", by: 2, atLeast: token(2)), saw("x~1", "y"),
                acknowledged("y", 2, isNew: false), .quiet(application: "a"), .settled(application: "a", server: 0),
                saw("x~1", "y", "f"),
            ] + sent("z") + [.unknown(application: "a", server: 1, version: nil)]
        let allowed = sent("f") + history
        for check in Check.all {
            #expect(check.violations(in: allowed, mayLose: false) == [])
            #expect(check.violations(in: allowed, mayLose: true) == [])
        }
    }

    @Test("The same version with other bytes, from anybody, at any time")
    func bytes() {
        let history = [saw("x", digest: 7), saw("x", "y", digest: 8), saw("x", by: 2, digest: 9)]
        #expect(Check.oneVersionOneBytes.places(history) == [2])
    }

    @Test("A version that goes down, or an epoch that comes back, for a client that brought its version")
    func back() {
        #expect(Check.neverBack.places([saw("x", "y"), saw("x")]) == [1])
        #expect(Check.neverBack.places([saw("x", "y"), saw("x", by: 2), saw("x", by: nil)]) == [])
        #expect(Check.neverBack.places([saw("x", "y"), saw("x", "f"), saw("x", "e2")]) == [])
        #expect(Check.neverBack.places([saw(at: 5), saw(at: 3, "f"), saw(at: 6)]) == [2])
        let unchanged = Event.unchanged(client: 1, application: "a", version: token(4))
        #expect(Check.neverBack.places([unchanged, saw(at: 3)]) == [1])
    }

    @Test("An answer to at_least that is behind, or of another epoch")
    func own() {
        #expect(Check.ownReads.places([saw("x", atLeast: token(2))]) == [0])
        #expect(Check.ownReads.places([saw("x", "y", atLeast: token(2, "f"))]) == [0])
        #expect(Check.ownReads.places([saw("x", "y", atLeast: token(2))]) == [])
    }

    @Test("Another application's name or change in an answer")
    func foreign() {
        #expect(Check.ownApplication.places(sent("x") + [saw("x", app: ["a", "b"])]) == [1])
        #expect(Check.ownApplication.places(sent("x") + sent("y", to: "b") + [saw("x", "y")]) == [2])
    }

    @Test("An answer that the contract does not have, and one that is not there after the time of patience")
    func strange() {
        #expect(Check.contract.places([.strange("418")]) == [0])
        #expect(
            Check.liveness.places([
                .quiet(application: "a"), .unsettled(application: "a", server: 1, seconds: 15, missing: ["x"]),
            ]) == [1])
    }
}
