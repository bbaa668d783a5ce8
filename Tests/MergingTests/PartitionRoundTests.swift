import ChangeLog
import Synchronization
import TestSupport
import Testing

@testable import Merging

@Suite("Questions about many partitions")
struct PartitionRoundTests {
    @Test(
        "Every partition is asked about once, several at a time and never more than allowed",
        arguments: [0, 1, 15, 16, 17, 100])
    func width(_ count: Int) async throws {
        let underWay = Mutex((now: 0, most: 0))
        let answers = await PartitionRound.ask((0..<count).map(Partition.init(number:))) { partition in
            underWay.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            // The first ones wait for each other.
            if partition.number < min(count, PartitionRound.width) {
                try? await eventually("the others are asked too") {
                    underWay.withLock { $0.most >= min(count, PartitionRound.width) }
                }
            }
            underWay.withLock { $0.now -= 1 }
            return partition.number * 2
        }
        #expect(answers.map(\.partition.number).sorted() == Array(0..<count))
        #expect(answers.allSatisfy { $0.answer == $0.partition.number * 2 })
        #expect(underWay.withLock { $0.most } == min(count, PartitionRound.width))
    }
}
