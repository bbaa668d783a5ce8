import Fold
import Testing

@testable import Merging

@Suite("Shares of partitions")
struct PartitionShareTests {
    private static let divisions = [(1, 64), (2, 64), (3, 64), (5, 7), (7, 5), (64, 64), (100, 64), (1, 1), (3, 1)]

    @Test("The shares of all daemons add up, and no two differ by more than one", arguments: divisions)
    func sums(_ count: Int, _ partitions: Int) {
        let daemons = (0..<count).map { "d\($0)" }
        let targets = daemons.map { PartitionShare(of: $0, among: daemons, partitions: partitions).target }
        #expect(targets.reduce(0, +) == partitions)
        #expect((targets.max() ?? 0) - (targets.min() ?? 0) <= 1)
    }

    @Test("The partitions that each daemon prefers are nobody else's", arguments: divisions)
    func noOverlap(_ count: Int, _ partitions: Int) {
        let daemons = (0..<count).map { "d\($0)" }
        let preferred = daemons.flatMap { daemon in
            let share = PartitionShare(of: daemon, among: daemons, partitions: partitions)
            #expect(share.preference.sorted() == Array(0..<partitions))
            return share.preference.prefix(share.target)
        }
        #expect(preferred.sorted() == Array(0..<partitions))
    }

    @Test("The order in which daemons are listed, or that one is listed twice, makes no difference")
    func order() {
        let one = PartitionShare(of: "b", among: ["a", "b", "c"], partitions: 10)
        #expect(PartitionShare(of: "b", among: ["c", "b", "a", "b"], partitions: 10) == one)
        #expect(PartitionShare(of: "b", among: ["c", "a"], partitions: 10) == one)
    }

    @Test("Whoever holds its share neither takes nor gives")
    func stable() {
        let share = PartitionShare(of: "b", among: ["a", "b"], partitions: 8)
        #expect(share.surplus(of: [0, 1, 2, 3]).isEmpty)
        #expect(share.wanted(besides: [0, 1, 2, 3]).isEmpty)
    }

    @Test(
        "What is too much is given back, the least preferred first; what is too little is wanted, the most preferred first"
    )
    func settling() {
        let share = PartitionShare(of: "b", among: ["a", "b"], partitions: 8)
        #expect(share.preference == [4, 5, 6, 7, 0, 1, 2, 3])
        #expect(share.surplus(of: Set(0..<8)) == [3, 2, 1, 0])
        #expect(share.wanted(besides: [4, 6]) == [5, 7, 0, 1, 2, 3])
    }
}

@Suite("Pacing")
struct PacingTests {
    @Test("The pause is ten times the work, between one and 25 milliseconds")
    func pause() {
        #expect(Pacing.pause(afterWorkOf: .zero) == .milliseconds(1))
        #expect(Pacing.pause(afterWorkOf: .microseconds(50)) == .milliseconds(1))
        #expect(Pacing.pause(afterWorkOf: .milliseconds(1)) == .milliseconds(10))
        #expect(Pacing.pause(afterWorkOf: .microseconds(2_500)) == .milliseconds(25))
        #expect(Pacing.pause(afterWorkOf: .seconds(3)) == .milliseconds(25))
    }
}
