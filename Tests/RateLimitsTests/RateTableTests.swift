import RateLimits
import Testing

@Suite("Rate table")
struct RateTableTests {
    private static let now: UInt64 = 1_000_000_000_000

    @Test("A key gets all of its limit and no more, whatever others take meanwhile")
    func alone() {
        let table = RateTable(RateLimit(1, burst: 20))
        let noisy = RateKey("noisy")
        for _ in 0..<500 { _ = table.take(1, for: noisy, at: Self.now) }
        var granted = 0
        for turn in 0..<40 {
            granted += table.take(1, for: RateKey("quiet"), at: Self.now).receipt == nil ? 0 : 1
            _ = table.take(1, for: RateKey(turn), at: Self.now)
        }
        #expect(granted == 20)
        #expect(table.take(1, for: noisy, at: Self.now + 1_000_000_000).standing.isGranted)
        #expect(!table.take(1, for: noisy, at: Self.now + 1_000_000_000).standing.isGranted)
    }

    @Test("Nobody gets back what they have used up by bringing hundreds of thousands of other names along")
    func flood() {
        let table = RateTable(RateLimit(1, burst: 5))
        let own = RateKey("own")
        for _ in 0..<5 { #expect(table.take(1, for: own, at: Self.now).receipt != nil) }
        for name in 0..<400_000 {
            _ = table.take(1, for: RateKey(name), at: Self.now)
            if name.isMultiple(of: 1_000) { #expect(table.take(1, for: own, at: Self.now).receipt == nil) }
        }
    }

    @Test("Of a thousand that use up their limit hardly anybody else notices anything")
    func sharing() {
        let table = RateTable(RateLimit(1, burst: 5))
        for name in 0..<1_000 { for _ in 0..<10 { _ = table.take(1, for: RateKey(name), at: Self.now) } }
        let others = (0..<20_000).count { table.take(5, for: RateKey("other \($0)"), at: Self.now).receipt == nil }
        // Among themselves they meet, too: 20,000 keys take 40,000 of 262,144 cells.
        #expect(others < 20_000 / 20)
        let first = (20_000..<20_100).count { table.take(1, for: RateKey("other \($0)"), at: Self.now).receipt == nil }
        #expect(first < 10)
    }

    @Test("What is given back is there again, and not a second time")
    func giveBack() throws {
        let table = RateTable(RateLimit(1, burst: 3))
        let key = RateKey("key")
        _ = table.take(1, for: key, at: Self.now)
        let receipt = try #require(table.take(2, for: key, at: Self.now).receipt)
        #expect(table.take(1, for: key, at: Self.now).receipt == nil)
        table.giveBack(receipt)
        table.giveBack(receipt)
        #expect(table.take(1, for: key, at: Self.now).receipt != nil)
        #expect(table.take(1, for: key, at: Self.now).receipt != nil)
        #expect(table.take(1, for: key, at: Self.now).receipt == nil)
    }

    @Test("What was taken after it stays taken when something is given back")
    func later() throws {
        let table = RateTable(RateLimit(1, burst: 3))
        let key = RateKey("key")
        let receipt = try #require(table.take(1, for: key, at: Self.now).receipt)
        _ = table.take(2, for: key, at: Self.now)
        table.giveBack(receipt)
        #expect(table.take(1, for: key, at: Self.now).receipt == nil)
    }

    @Test("From many threads at once nobody gets more than from one")
    func threads() async {
        let table = RateTable(RateLimit(1, burst: 1_000))
        let granted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<1_000).count { _ in table.take(1, for: RateKey("one"), at: Self.now).receipt != nil }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(granted == 1_000)
    }

    @Test("A memory of keys holds what was noted last, and lets go of what was noted longest ago")
    func memory() {
        let memory = KeyMemory()
        #expect(!memory.holds(RateKey(1)))
        for name in 0..<10_000 {
            memory.note(RateKey(name))
            memory.note(RateKey("kept"))
        }
        #expect((0..<10_000).count { memory.holds(RateKey($0)) } > 9_990)
        for name in 0..<1_000_000 {
            memory.note(RateKey("later \(name)"))
            if name.isMultiple(of: 100) { #expect(memory.holds(RateKey("kept"))) }
        }
        #expect((0..<10_000).count { memory.holds(RateKey($0)) } < 100)
    }
}
