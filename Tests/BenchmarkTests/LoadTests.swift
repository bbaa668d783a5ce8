import NIOCore
import Testing

@testable import cistern_bench

@Suite struct LoadTests {
    @Test func `work that is late is not left out`() {
        var schedule = Schedule(start: 1_000, perSecond: 1_000_000)
        #expect(schedule.take(until: 999) == 0..<0)
        #expect(schedule.take(until: 1_000) == 0..<1)
        #expect(schedule.take(until: 6_500) == 1..<6)
        #expect(schedule.due(5) == 6_000)
    }

    @Test func `the result of a loop is found among other lines`() throws {
        let loop = try Loop(
            output: "Running\nresult requests=10 microseconds=2000000 bytes=70 errors=1\nRequests/sec: 5\n")
        #expect(loop.perSecond == 5)
        #expect(loop.errors == 1)
        #expect(throws: Wrong.self) { try Loop(output: "result requests=10") }
    }

    @Test func `a counted state is known by every byte`() {
        let state = CountedState(bytes: 300)
        let text = state.text(1_234)
        #expect(state.number(in: ByteBuffer(string: text)) == 1_234)
        #expect(state.number(in: ByteBuffer(string: String(text.dropLast()))) == nil)
        #expect(state.number(in: ByteBuffer(string: text.replacing("Card 1", with: "Card 7"))) == nil)
    }

    @Test(arguments: [300, 1_000, 10_000])
    func `a board has as many bytes as asked for`(bytes: Int) {
        #expect(Board.state(bytes: bytes).utf8.count == bytes)
    }

    @Test func `cores are read as taskset writes them`() {
        #expect(Cores("0,2-3")?.numbers == [0, 2, 3])
        #expect(Cores("3-1") == nil)
        #expect(Cores("") == nil)
        #expect(Cores("1,") == nil)
    }
}
