import Documents
import Testing

@testable import CisternClient

@Suite("A lease, kept by the clock")
struct LeaseMachineTests {
    /// A lease of 30 s, claimed at second 100.
    private let fresh = LeaseMachine(length: .seconds(30), asked: .seconds(100), claimed: .milliseconds(100_100))

    private static func progress(_ percent: Double) -> LeaseMachine.Heartbeat {
        LeaseMachine.Heartbeat(progress: .init(percent: percent))
    }

    @Test("It is renewed at half of it, counted from when the last heartbeat was sent, not from its answer")
    func halves() {
        var lease = fresh
        #expect(lease.step(at: .seconds(100)) == .wait(until: .seconds(115)))
        #expect(lease.step(at: .seconds(114)) == .wait(until: .seconds(115)))
        #expect(lease.step(at: .seconds(115)) == .say(LeaseMachine.Heartbeat()))
        #expect(lease.step(at: .seconds(118)) == .wait(until: .seconds(130)))
        #expect(lease.answered(saidAt: .seconds(115)) == nil)
        #expect(lease.end == .seconds(145))
        #expect(lease.step(at: .seconds(118)) == .wait(until: .seconds(130)))
        #expect(lease.step(at: .seconds(130)) == .say(LeaseMachine.Heartbeat()))
    }

    @Test("Without an answer it is over at its end, counted from when the claim was sent")
    func end() {
        var lease = fresh
        _ = lease.step(at: .seconds(115))
        #expect(lease.step(at: .milliseconds(129_999)) == .wait(until: .seconds(130)))
        #expect(lease.phase == .held)
        #expect(lease.step(at: .seconds(130)) == .over)
        #expect(lease.phase == .lost)
        // An answer that comes later does not bring it back: somebody may have been told already.
        _ = lease.answered(saidAt: .seconds(115))
        #expect(lease.step(at: .seconds(131)) == .over && lease.phase == .lost)
    }

    @Test("Where a claim had to wait, nobody knows when its lease began: it is renewed at once, and not lost meanwhile")
    func waited() {
        var lease = LeaseMachine(length: .seconds(30), asked: .seconds(100), claimed: .seconds(140))
        #expect(lease.end == .seconds(170) && lease.step(at: .seconds(140)) == .say(LeaseMachine.Heartbeat()))
        _ = lease.answered(saidAt: .seconds(140))
        #expect(lease.end == .seconds(170) && lease.step(at: .seconds(141)) == .wait(until: .seconds(155)))
        let quick = LeaseMachine(length: .seconds(30), asked: .seconds(100), claimed: .seconds(103))
        #expect(quick.end == .seconds(130))
    }

    @Test("A heartbeat that is not heard is repeated after pauses that grow, at least ten times within a lease")
    func repeats() {
        for chance in [0.0, 1.0] {
            var lease = fresh
            var now: Duration = .seconds(115)
            var pauses: [Duration] = []
            while lease.step(at: now) == .say(LeaseMachine.Heartbeat()) {
                lease.failed(at: now, chance: chance)
                guard case .wait(let time) = lease.step(at: now) else { break }
                pauses.append(time - now)
                now = time
            }
            #expect(lease.phase == .lost && now == .seconds(130))
            #expect(pauses.first == .milliseconds(chance == 0 ? 50 : 100))
            #expect(pauses.allSatisfy { $0 <= .seconds(3) } && pauses.count >= 9, "\(pauses)")
            #expect(zip(pauses, pauses.dropFirst()).dropLast().allSatisfy { $0 <= $1 }, "\(pauses)")
        }
    }

    @Test("What a server asks for is waited for, but not beyond half of what is left")
    func retryAfter() {
        var lease = fresh
        _ = lease.step(at: .seconds(115))
        lease.failed(at: .seconds(116), retryAfter: .seconds(2), chance: 0)
        #expect(lease.step(at: .seconds(116)) == .wait(until: .milliseconds(118_050)))
        _ = lease.step(at: .milliseconds(118_050))
        lease.failed(at: .seconds(120), retryAfter: .seconds(60), chance: 0)
        #expect(lease.step(at: .seconds(120)) == .wait(until: .milliseconds(125_100)))
    }

    @Test("News goes at once, the last of it, and at most four times a second")
    func news() {
        var lease = fresh
        lease.report(.init(percent: 1))
        lease.report(.init(percent: 2))
        #expect(lease.step(at: .seconds(101)) == .say(Self.progress(2)))
        lease.report(.init(percent: 3))
        #expect(lease.step(at: .milliseconds(101_100)) == .wait(until: .seconds(130)))
        _ = lease.answered(saidAt: .seconds(101))
        #expect(lease.step(at: .milliseconds(101_100)) == .wait(until: .milliseconds(101_250)))
        #expect(lease.step(at: .milliseconds(101_250)) == .say(Self.progress(3)))
        _ = lease.answered(saidAt: .milliseconds(101_250))
        #expect(lease.step(at: .seconds(102)) == .wait(until: .milliseconds(116_250)))
    }

    @Test(
        "What was not heard is said again, unless there is something newer; a checkpoint is known to be kept by its number"
    )
    func unheard() {
        var lease = fresh
        lease.report(.init(percent: 1))
        #expect(lease.keep("1") == 1)
        _ = lease.step(at: .seconds(101))
        lease.report(.init(percent: 2))
        lease.failed(at: .seconds(101), chance: 0)
        var both = Self.progress(2)
        both.checkpoint = .init(json: "1", number: 1)
        #expect(lease.step(at: .seconds(102)) == .say(both))
        #expect(lease.keep("2") == 2)
        #expect(lease.answered(saidAt: .seconds(102)) == 1)
        #expect(
            lease.step(at: .seconds(103))
                == .say(LeaseMachine.Heartbeat(checkpoint: .init(json: "2", number: 2))))
        #expect(lease.refused(at: .seconds(103)) == 2)
        #expect(lease.step(at: .seconds(103)) == .say(LeaseMachine.Heartbeat()))
    }

    @Test("A lease that is not there is lost, unless its end is being told: then that may be why")
    func notThere() {
        var lease = fresh
        _ = lease.step(at: .seconds(115))
        lease.notThere()
        #expect(lease.phase == .lost && lease.step(at: .seconds(115)) == .over)

        lease = fresh
        lease.beginsEnding()
        #expect(lease.step(at: .seconds(115)) == .say(LeaseMachine.Heartbeat()))
        lease.notThere()
        #expect(lease.phase == .ending && lease.step(at: .seconds(116)) == .wait(until: .seconds(130)))
        var refused = lease
        refused.resumes()
        #expect(refused.phase == .lost)
        lease.ended()
        #expect(lease.step(at: .seconds(116)) == .over && lease.phase == .ended)
        lease.isLost()
        #expect(lease.phase == .ended)
    }

    @Test("An end that is refused can be followed by another one, and heartbeats go on")
    func anotherEnd() {
        var lease = fresh
        lease.beginsEnding()
        lease.resumes()
        #expect(lease.phase == .held && lease.step(at: .seconds(115)) == .say(LeaseMachine.Heartbeat()))
    }

    @Test("Heartbeats have time for several of them between half of a lease and its end")
    func timeouts() {
        for (length, timeout) in [(1, 500), (3, 500), (30, 5_000), (3_600, 10_000)] {
            let lease = LeaseMachine(length: .seconds(length), asked: .zero, claimed: .zero)
            #expect(lease.timeout == .milliseconds(timeout))
        }
    }

    @Test("Progress is told within its bounds, to a tenth")
    func progress() {
        let all = LongOperation.Progress(percent: 41.26, completed: -1, total: 7, message: "Half \"done\"")
        #expect(all.document.text == #"{"completed":0,"message":"Half \"done\"","percent":41.3,"total":7}"#)
        #expect(LongOperation.Progress(percent: 200).document.text == #"{"percent":100}"#)
        #expect(LongOperation.Progress(percent: .nan).document.text == "{}")
        #expect(LongOperation.Progress(completed: 1, total: 4).fraction == 0.25)
        #expect(LongOperation.Progress(completed: 1).fraction == nil)
    }
}
