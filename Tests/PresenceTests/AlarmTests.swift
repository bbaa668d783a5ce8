import Testing

@testable import Presence

@Suite("When a timer has to be started")
struct AlarmTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("There is one timer for a time, another one for an earlier time, and none for a later one")
    func earliest() {
        var alarm = Alarm()
        #expect([5, 5, 7, 3, 4].map { alarm.set(for: at($0)) } == [at(5), nil, nil, at(3), nil])
    }

    @Test("A timer that rings before its time, by another clock, is started again for it")
    func early() {
        var alarm = Alarm()
        _ = alarm.set(for: at(9))
        #expect(alarm.set(for: at(5)) == at(5))
        alarm.rang(at(5))
        #expect(alarm.set(for: at(5)) == at(5))
    }

    @Test("A later timer is not started again, however many earlier ones have rung")
    func later() {
        var alarm = Alarm()
        #expect(alarm.set(for: at(60)) == at(60))
        for second in 1..<60 {
            #expect(alarm.set(for: at(second)) == at(second))
            alarm.rang(at(second))
            #expect(alarm.set(for: at(60)) == nil)
        }
        alarm.rang(at(60))
        #expect(alarm.set(for: at(120)) == at(120))
    }

    @Test("One that rings late takes nothing of an earlier one away")
    func late() {
        var alarm = Alarm()
        _ = alarm.set(for: at(9))
        _ = alarm.set(for: at(3))
        alarm.rang(at(9))
        #expect(alarm.set(for: at(3)) == nil)
        alarm.rang(at(3))
        #expect(alarm.set(for: at(4)) == at(4))
    }
}
