import Testing

@testable import Webhooks

@Suite("When webhooks are tried again")
struct TimingTests {
    @Test(
        "Ten attempts: at once, then after 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; never earlier, a fifth later at most"
    )
    func schedule() {
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        let schedule = RetrySchedule.usual
        #expect(schedule.attempts == 10)
        for (index, base) in seconds.enumerated() {
            #expect(schedule.pause(afterAttempt: index + 1, chance: 0) == .seconds(base))
            for (chance, share) in [(0.5, 1.1), (1, 1.2)] {
                let pause = schedule.pause(afterAttempt: index + 1, chance: chance) ?? .zero
                let difference = pause - .seconds(base) * share
                #expect(difference < .milliseconds(1) && difference > .milliseconds(-1))
            }
        }
        #expect(schedule.pause(afterAttempt: 10, chance: 0) == nil)
        #expect(schedule.pause(afterAttempt: 99, chance: 0) == nil)
        // A chance that is none does no harm.
        #expect(schedule.pause(afterAttempt: 1, chance: -7) == .seconds(5))
        #expect(schedule.pause(afterAttempt: 1, chance: 7) == .seconds(6))
    }

    @Test(
        "What an endpoint wishes is kept between the pause and twice the pause",
        arguments: [(0, 300), (299, 300), (400, 400), (600, 600), (601, 600), (1_000_000, 600)])
    func wishes(_ wish: Int, _ pause: Int) {
        #expect(RetrySchedule.usual.pause(afterAttempt: 2, wished: .seconds(wish), chance: 0) == .seconds(pause))
    }

    @Test("Every end of an attempt has its meaning")
    func verdicts() {
        func verdict(_ status: Int, _ wish: String? = nil) -> Verdict {
            Verdict(.answered(status: status, retryAfter: wish), now: 784_111_770_000)
        }
        for status in [200, 201, 204, 299] { #expect(verdict(status, "5") == .delivered) }
        #expect(verdict(410) == .gone)
        for status in [429, 502, 503, 504] {
            #expect(verdict(status) == .retry(after: nil, slower: true))
            #expect(verdict(status, "7") == .retry(after: .seconds(7), slower: true))
            #expect(verdict(status, "Sun, 06 Nov 1994 08:49:37 GMT") == .retry(after: .seconds(7), slower: true))
            #expect(verdict(status, "Sun, 06 Nov 1984 08:49:37 GMT") == .retry(after: .zero, slower: true))
            #expect(verdict(status, "soon") == .retry(after: nil, slower: true))
            #expect(verdict(status, "-1") == .retry(after: nil, slower: true))
            #expect(verdict(status, "99999999999999999999") == .retry(after: .seconds(1 << 30), slower: true))
        }
        for status in [100, 301, 302, 303, 307, 308, 400, 401, 404, 500, 501] {
            #expect(verdict(status, "7") == .retry(after: nil, slower: false))
        }
        #expect(Verdict(.timedOut, now: 0) == .retry(after: nil, slower: true))
        #expect(Verdict(.failed("tls-failed"), now: 0) == .retry(after: nil, slower: false))
        #expect(Verdict(.unresolved, now: 0) == .retry(after: nil, slower: false))
        #expect(Verdict(.refused, now: 0) == .dead)
    }

    private let start = ContinuousClock.now

    @Test("Nine failures say nothing; at ten attempts 70 % open the circuit, less do not")
    func opening() {
        var circuit = Circuit()
        for _ in 0..<9 { circuit.record(success: false, at: start) }
        #expect(circuit.pass(at: start) == .all)
        circuit.record(success: false, at: start)
        #expect(circuit.pass(at: start) == .none(until: start + .seconds(30)))

        var mixed = Circuit()
        for _ in 0..<4 { mixed.record(success: true, at: start) }
        for _ in 0..<9 { mixed.record(success: false, at: start) }
        #expect(mixed.pass(at: start) == .all)
        mixed.record(success: false, at: start)
        #expect(mixed.pass(at: start) != .all)
    }

    @Test("Only the last five minutes count")
    func window() {
        var circuit = Circuit()
        for _ in 0..<9 { circuit.record(success: false, at: start) }
        circuit.record(success: false, at: start + .seconds(301))
        #expect(circuit.pass(at: start + .seconds(301)) == .all)
        for _ in 0..<9 { circuit.record(success: false, at: start + .seconds(400)) }
        #expect(circuit.pass(at: start + .seconds(400)) != .all)
    }

    @Test("After thirty seconds one is let through: a success closes the circuit, a failure opens it anew")
    func halfOpen() {
        var circuit = Circuit()
        for _ in 0..<10 { circuit.record(success: false, at: start) }
        let first = start + .seconds(30)
        #expect(circuit.pass(at: start + .milliseconds(29_999)) == .none(until: first))
        #expect(circuit.pass(at: first) == .one)
        #expect(circuit.pass(at: first) == .none(until: first + .seconds(30)))
        circuit.record(success: false, at: first + .seconds(1))
        #expect(circuit.pass(at: first + .seconds(2)) == .none(until: first + .seconds(31)))
        #expect(circuit.pass(at: first + .seconds(31)) == .one)
        circuit.record(success: true, at: first + .seconds(32))
        #expect(circuit == Circuit())
        // Whoever was let through and is never heard of holds nobody up for ever.
        for _ in 0..<10 { circuit.record(success: false, at: first) }
        #expect(circuit.pass(at: first + .seconds(60)) == .one)
        #expect(circuit.pass(at: first + .seconds(90)) == .one)
        // One that was let through and not sent is not waited for.
        circuit.giveBack(at: first + .seconds(91))
        #expect(circuit.pass(at: first + .seconds(91)) == .one)
    }

    @Test("What was under way when the circuit opened does not open it for longer")
    func late() {
        var circuit = Circuit()
        for _ in 0..<10 { circuit.record(success: false, at: start) }
        circuit.record(success: false, at: start + .seconds(20))
        #expect(circuit.pass(at: start + .seconds(30)) == .one)
    }
}
