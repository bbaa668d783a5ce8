import Testing

@testable import Delivering

@Suite("How often states are looked at")
struct StatePaceTests {
    @Test("At once after a silence, then not before the pause is over; each partition by itself")
    func pace() {
        let pace = StatePace(partitions: 2)
        let start = ContinuousClock.now
        #expect(pace.isDue(0, at: start) && pace.take(0, at: start))
        let soon = start + StatePace.pause - .milliseconds(1)
        #expect(!pace.isDue(0, at: soon) && !pace.take(0, at: soon))
        #expect(pace.next(0) == start + StatePace.pause)
        #expect(pace.take(1, at: soon))
        let later = start + StatePace.pause
        #expect(pace.isDue(0, at: later) && pace.take(0, at: later))
        #expect(pace.next(0) == later + StatePace.pause)
    }
}
