import Testing

@testable import cistern_bench

@Suite struct StatisticsTests {
    @Test func `the median of an even number of samples lies between the two in the middle`() {
        #expect(Spread([4, 1, 3, 2]).median == 2.5)
        #expect(Spread([3, 1, 2]) == Spread([1, 2, 3]))
        #expect(Spread([3, 1, 2]).minimum == 1)
    }

    @Test func `the ratio is that of each pair, not of the medians`() {
        var comparison = Comparison()
        comparison.add(ours: 10, peers: 10)
        comparison.add(ours: 100, peers: 50)
        comparison.add(ours: 20, peers: 5)
        #expect(comparison.ratio.median == 2)
    }

    @Test func `percentiles of latencies are in milliseconds`() {
        let latencies = Latencies((1...1_000).map { $0 * 1_000 })
        #expect(latencies.percentile(0.5) == 501)
        #expect(latencies.percentile(0.99) == 991)
        #expect(latencies.percentile(1) == 1_000)
    }

    @Test func `a target is missed by the median`() {
        #expect(Figure("P7", "x", unit: "ms", [1, 9, 2], target: .atMost(2)).verdict == .reached)
        #expect(Figure("P7", "x", unit: "ms", [1, 9, 3], target: .atMost(2)).verdict == .missed)
        var comparison = Comparison()
        comparison.add(ours: 1, peers: 1)
        #expect(Figure("P1", "x", peer: "y", unit: "z", comparison, target: .ratioAtLeast(1.1)).verdict == .missed)
    }

    @Test func `numbers are written with as many decimals as tell something`() {
        #expect(
            [64_900.4, 123.4, 12.34, 0.042, 0.005, 3].map(\.short) == ["64,900", "123", "12.3", "0.04", "0.005", "3"])
    }
}
