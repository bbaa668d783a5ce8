import Testing

@testable import cistern_faults

@Suite("Checks of long-running operations")
struct OperationCheckTests {
    @Test("A history in which all goes well breaks no promise, with and without losses")
    func good() {
        let history = [
            heard(.made(isNew: true)), heard(.made(isNew: false)), heard(.stands(.queued)),
            heard(.claimed(1, attempt: 1)),
            heard(.heard(1), asked: 4), heard(.stands(.running), asked: 5), heard(.claimed(2, attempt: 2), asked: 6),
            // Under way since before the second lease was given out.
            heard(.heard(1), asked: 5), heard(.done(2, result: "a/w1 by 2"), asked: 7),
            heard(.done(2, result: "a/w1 by 2")),
            heard(.stands(.succeeded), asked: 9), heard(.fetched("a/w1 by 2"), asked: 10),
            heard(.made(isNew: true), of: "w2"), heard(.stands(.queued), of: "w2"), heard(.cancelled, of: "w2"),
            heard(.stands(.cancelled), of: "w2", asked: 15), heard(.stands(.queued), of: "w2", asked: 13),
            heard(.absent(server: 0), of: "w3"), heard(.made(isNew: true), of: "w3"),
        ]
        for check in Check.all {
            #expect(check.violations(in: history, mayLose: false) == [], "\(check.promise)")
            #expect(check.violations(in: history, mayLose: true) == [], "\(check.promise)")
        }
    }

    @Test("Where Redis loses its tail, an operation is made, done and ended again")
    func lost() {
        let history = [
            heard(.made(isNew: true)), heard(.claimed(1, attempt: 1)), heard(.done(1, result: "a/w1 by 1"), asked: 2),
            heard(.absent(server: 0), asked: 3), heard(.made(isNew: true), asked: 4),
            heard(.claimed(1, attempt: 1), asked: 5),
            heard(.stands(.failed), asked: 6), heard(.fetched("a/w1 by 2"), asked: 7),
        ]
        for check in Check.all { #expect(check.violations(in: history, mayLose: true) == [], "\(check.promise)") }
        #expect(Check.all.flatMap { $0.violations(in: history, mayLose: false) }.count == 5)
    }

    @Test("Of one wish two operations")
    func madeOnce() {
        let twice = [heard(.made(isNew: true)), heard(.made(isNew: true))]
        #expect(Check.madeOnce.places(twice) == [1])
        #expect(Check.madeOnce.places(twice, mayLose: true) == [])
        #expect(Check.madeOnce.places([heard(.made(isNew: true)), heard(.made(isNew: true), of: "w2")]) == [])
    }

    @Test("One that was made and is not known to a server that was asked afterwards")
    func kept() {
        #expect(Check.keptOperations.places([heard(.made(isNew: true)), heard(.absent(server: 1), asked: 1)]) == [1])
        #expect(Check.keptOperations.places([heard(.made(isNew: true)), heard(.absent(server: 1), asked: 0)]) == [])
    }

    @Test("Two workers are told that theirs is the result")
    func oneResult() {
        let done = heard(.done(1, result: "a/w1 by 1"))
        #expect(Check.oneResult.places([done, heard(.done(2, result: "a/w1 by 2"))]) == [1])
        #expect(Check.oneResult.places([done, done]) == [])
    }

    @Test("Who fetches the result gets another one than the worker was told that counts, or than others")
    func resultOfEnd() {
        let (one, other) = (heard(.fetched("a/w1 by 1")), heard(.fetched("a/w1 by 2")))
        #expect(Check.resultOfEnd.places([heard(.done(1, result: "a/w1 by 1")), other]) == [1])
        #expect(Check.resultOfEnd.places([one, one, other]) == [2])
        #expect(Check.resultOfEnd.places([heard(.done(1, result: "a/w1 by 1")), one]) == [])
    }

    @Test("Another operation's result, also where something is lost")
    func ownResults() {
        #expect(Check.ownResults.places([heard(.fetched("a/w2 by 1"))], mayLose: true) == [0])
        #expect(Check.ownResults.places([heard(.fetched("a/w1 by 1"))]) == [])
    }

    @Test("What is over goes on, or ends in another way")
    func oneEnd() {
        #expect(Check.oneEnd.places([heard(.stands(.dead)), heard(.stands(.failed))]) == [1])
        #expect(Check.oneEnd.places([heard(.done(1, result: "a/w1 by 1")), heard(.stands(.queued), asked: 1)]) == [1])
        #expect(Check.oneEnd.places([heard(.stands(.dead)), heard(.stands(.running), asked: 0)]) == [])
    }

    @Test("A lease that is given out twice, and one that counts when a later one was given out already")
    func fenced() {
        #expect(Check.fenced.places([heard(.claimed(1, attempt: 1)), heard(.claimed(1, attempt: 1))]) == [1])
        let late = [heard(.claimed(1, attempt: 1)), heard(.claimed(2, attempt: 2)), heard(.heard(1), asked: 2)]
        #expect(Check.fenced.places(late) == [2])
        #expect(Check.fenced.places([late[0], late[1], heard(.done(1, result: ""), asked: 2)]) == [2])
        #expect(Check.fenced.places([late[0], late[1], heard(.heard(1), asked: 1)]) == [])
    }

    @Test("A worker's result counts, and the worker was told that it does not")
    func ownEnd() {
        let refused = heard(.refused(1, result: "a/w1 by 1"))
        #expect(Check.ownEnd.places([refused, heard(.fetched("a/w1 by 1"))]) == [1])
        #expect(Check.ownEnd.places([heard(.done(1, result: "a/w1 by 1")), refused]) == [1])
        #expect(Check.ownEnd.places([refused, heard(.fetched("a/w1 by 2"))]) == [])
    }

    @Test("An attempt that is not counted, one too many, and one that counts although it was given back")
    func attempts() {
        let claim = heard(.claimed(1, attempt: 1))
        #expect(Check.attempts.places([heard(.claimed(1, attempt: 0))]) == [0])
        #expect(Check.attempts.places([claim, heard(.claimed(2, attempt: 1))]) == [1])
        #expect(Check.attempts.places([heard(.claimed(5, attempt: 4))]) == [0])
        #expect(Check.attempts.places([claim, heard(.claimed(2, attempt: 2)), heard(.claimed(4, attempt: 3))]) == [])
        #expect(Check.attempts.places([claim, heard(.returning(1)), heard(.claimed(2, attempt: 1))]) == [])
    }

    @Test("A state says that an operation goes on after its end, or that it is where it was before")
    func published() {
        func said(_ status: OperationStanding, _ lease: Int? = nil, at version: Int, _ epoch: String = "e") -> Event {
            saw(at: version, epoch, jobs: ["w1": .init(status: status, progress: lease.map { .init(completed: $0) })])
        }
        #expect(Check.published.places([said(.succeeded, at: 1), said(.running, at: 2)]) == [1])
        // Whenever it was seen.
        #expect(Check.published.places([said(.running, at: 2), said(.succeeded, at: 1)]) == [1])
        #expect(Check.published.places([said(.running, 2, at: 1), said(.running, 1, at: 2)]) == [1])
        #expect(Check.published.places([said(.cancelling, at: 1), said(.queued, at: 2)]) == [1])
        #expect(Check.published.places([said(.queued, at: 1), saw(at: 2)]) == [1])
        let whole = [said(.queued, at: 1), said(.running, 1, at: 2), said(.queued, 1, at: 3), said(.dead, 2, at: 4)]
        #expect(Check.published.places(whole) == [])
        #expect(Check.published.places(whole + [said(.running, at: 5)], mayLose: true) == [])
    }

    @Test("What was cancelled goes back into the line, or to a worker")
    func cancelled() {
        #expect(Check.cancelled.places([heard(.cancelled), heard(.stands(.queued), asked: 1)]) == [1])
        #expect(Check.cancelled.places([heard(.cancelled), heard(.claimed(2, attempt: 2), asked: 1)]) == [1])
        #expect(Check.cancelled.places([heard(.cancelled), heard(.stands(.succeeded), asked: 1)]) == [])
        #expect(
            Check.cancelled.places([
                heard(.stands(.running)), heard(.cancelled), heard(.claimed(2, attempt: 2), asked: 0),
            ]) == [])
    }
}
