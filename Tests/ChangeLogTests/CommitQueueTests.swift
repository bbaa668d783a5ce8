import Fold
import Logging
import Testing

@testable import ChangeLog

@Suite("The queue of a group commit")
struct CommitQueueTests {
    private static func limits(_ change: (inout GroupCommitLimits) -> Void) -> GroupCommitLimits {
        var limits = GroupCommitLimits()
        change(&limits)
        return limits
    }

    private static func target(_ application: ApplicationID) -> AppendTarget {
        AppendTarget(application, in: Partition(number: 0))
    }

    private func admit(
        _ queue: inout CommitQueue<Int>, _ element: Int, size: Int = 1, to application: ApplicationID = board
    ) -> CommitQueue<Int>.Admission {
        queue.admit(element, size: size, for: application, target: Self.target)
    }

    @Test("An application has one call at a time; what comes meanwhile is ready when it is settled")
    func oneAtATime() {
        var queue = CommitQueue<Int>(limits: GroupCommitLimits())
        #expect(admit(&queue, 1) == .gathered)
        #expect(admit(&queue, 2) == .gathered)
        #expect(admit(&queue, 10, to: id("other")) == .gathered)
        let calls = queue.takeReady()
        #expect(calls.map(\.elements) == [[1, 2], [10]])
        #expect(admit(&queue, 3) == .gathered)
        #expect(!queue.hasReady && queue.takeReady().isEmpty)
        queue.settled(calls[1])
        #expect(!queue.hasReady)
        queue.settled(calls[0])
        #expect(queue.takeReady().map(\.elements) == [[3]])
        #expect(queue.count == 1)
    }

    @Test("A call takes as many as fit, and one that is too large for any call goes alone")
    func cuts() {
        var queue = CommitQueue<Int>(
            limits: Self.limits {
                $0.changesPerCall = 3
                $0.bytesPerCall = 10
            })
        for (element, size) in [(1, 1), (2, 1), (3, 1), (4, 6), (5, 5), (6, 50), (7, 1), (8, 1)] {
            #expect(admit(&queue, element, size: size) == .gathered)
        }
        var taken: [[Int]] = []
        while let call = queue.takeReady().first {
            taken.append(call.elements)
            queue.settled(call)
        }
        #expect(taken == [[1, 2, 3], [4], [5], [6], [7, 8]])
        #expect(queue.count == 0 && queue.bytes == 0)
    }

    @Test("What is gathered and in flight counts together, and is free again when settled")
    func bounds() {
        var queue = CommitQueue<Int>(
            limits: Self.limits {
                $0.changes = 3
                $0.bytes = 10
            })
        #expect(admit(&queue, 1, size: 4) == .gathered)
        let call = queue.takeReady()[0]
        #expect(admit(&queue, 2, size: 7) == .full(limit: 10))
        #expect(admit(&queue, 2, size: 3) == .gathered)
        #expect(admit(&queue, 3, size: 3, to: id("other")) == .gathered)
        #expect(admit(&queue, 4, size: 0) == .full(limit: 3))
        queue.settled(call)
        #expect(admit(&queue, 4, size: 4) == .gathered)
        // One that is larger than the limit is taken if there is nothing else.
        var empty = CommitQueue<Int>(limits: Self.limits { $0.bytes = 10 })
        #expect(admit(&empty, 1, size: 100) == .gathered)
        #expect(admit(&empty, 2, size: 1) == .full(limit: 10))
    }

    @Test("Applications that are idle are kept up to their limit, busy ones always")
    func idle() {
        var queue = CommitQueue<Int>(limits: Self.limits { $0.idleApplications = 2 })
        let applications = (0..<5).map { id("app-\($0)") }
        for application in applications { #expect(admit(&queue, 1, to: application) == .gathered) }
        let calls = queue.takeReady()
        #expect(queue.applications == 5)
        for call in calls { queue.settled(call) }
        #expect(queue.applications == 2)
        for application in applications { #expect(admit(&queue, 2, to: application) == .gathered) }
        #expect(queue.takeReady().count == 5)
    }
}
