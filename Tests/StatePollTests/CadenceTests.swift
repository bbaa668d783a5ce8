import Testing

@testable import StatePoll

@Suite("How soon the next poll is welcome")
struct CadenceTests {
    @Test("It grows under load up to a bound, stays in between, and comes back to what is configured")
    func growsAndShrinks() {
        var cadence = Cadence(.milliseconds(250))
        func isChanged(by load: Double) -> Bool { cadence.observe(load: load) }
        #expect(!isChanged(by: 0.1))
        #expect(cadence.interval == .milliseconds(250))
        var last = cadence.interval
        for _ in 0..<5 {
            #expect(isChanged(by: 0.95))
            #expect(cadence.interval > last)
            last = cadence.interval
        }
        #expect(!isChanged(by: 0.7))
        #expect(cadence.interval == last)
        for _ in 0..<50 { _ = isChanged(by: 1) }
        #expect(cadence.interval == .milliseconds(250) * Cadence.longestFactor)
        #expect(!isChanged(by: 1))
        for _ in 0..<50 { _ = isChanged(by: 0) }
        #expect(cadence.interval == .milliseconds(250))
    }
}
