import ChangeLog
import Fold
import Redis
import Synchronization
import TestSupport
import Testing

@testable import Merging

@Suite("Several merge daemons", .timeLimit(.minutes(3)))
struct TwoDaemonsTests {
    private func holders(_ circle: Circle) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for partition in circle.log.partitions {
            let holder = try circle.redis.command("GET", "{\(partition)}:lease").split(separator: " ").first
            counts[holder.map(String.init) ?? "nobody", default: 0] += 1
        }
        return counts
    }

    @Test("Two daemons share the partitions evenly; when one ends in the ordinary way the other has all")
    func sharing() async throws {
        try await withCircle { (circle: Circle) async throws in
            try await running(circle.daemon("one")) {
                try await eventually("one has all") { try holders(circle) == ["one": 8] }
                try await running(circle.daemon("two")) {
                    try await eventually("each has half") { try holders(circle) == ["one": 4, "two": 4] }
                    let applications = try (0..<10).map { try id("app-\($0)") }
                    for application in applications { try await circle.push(try count(1), to: application) }
                    for application in applications { try await circle.untilMerged(application) }
                }
                try await eventually("one has all again") { try holders(circle) == ["one": 8] }
            }
        }
    }

    private final class Announcements: Sendable {
        let count = Atomic(0)
    }

    @Test("Who comes and who leaves is heard of at once, not when leases are renewed, and said once")
    func announcements() async throws {
        try await withCircle { (circle: Circle) async throws in
            // Renewed after 24 seconds at the earliest.
            @Sendable func daemon(_ name: String) -> MergeDaemon { circle.daemon(name) { $0.lease = .seconds(90) } }
            let soon = Duration.seconds(15)
            let announcements = Announcements()
            let listening = try circle.hints.leases { announcements.count.add(1, ordering: .relaxed) }
            defer { listening.cancel() }
            // The subscription itself is the first.
            try await eventually("it is listened to") { announcements.count.load(ordering: .relaxed) == 1 }
            try await running(daemon("one")) {
                try await eventually(within: soon, "one has all") { try holders(circle) == ["one": 8] }
                try await running(daemon("two")) {
                    try await eventually(within: soon, "each has half") {
                        try holders(circle) == ["one": 4, "two": 4]
                    }
                }
                try await eventually(within: soon, "one has all again") { try holders(circle) == ["one": 8] }
            }
            // Two came and left, and one has given back what the other was to have.
            try await eventually("each is said once") { announcements.count.load(ordering: .relaxed) == 1 + 5 }
        }
    }

    @Test("What was pushed while nobody worked in a partition is merged when it is taken, and not by the next sweep")
    func takingOver() async throws {
        try await withCircle { (circle: Circle) async throws in
            let applications = try (0..<10).map { try id("app-\($0)") }
            for application in applications { try await circle.push(try count(1), to: application) }
            try await running(circle.daemon { $0.sweepInterval = .seconds(60) }) {
                for application in applications { try await circle.untilMerged(application) }
            }
        }
    }

    @Test("The partitions of a daemon that died without a word are taken over when its leases run out")
    func death() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            _ = try await circle.log.report(daemon: "dead", aliveFor: .milliseconds(700))
            for partition in circle.log.partitions {
                #expect(try await circle.log.lease(partition, to: "dead", for: .milliseconds(700)) == .held(fence: 1))
            }
            try await circle.push(try count(1), to: board)
            try await running(circle.daemon("two")) {
                try await circle.untilMerged(board)
                try await eventually("all partitions are taken over") { try holders(circle) == ["two": 8] }
            }
        }
    }

    @Test("A daemon that is cancelled in the middle leaves a log with which another goes on")
    func cancellation() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            for round in 0..<5 {
                let first = round * 400 + 1
                try await circle.push(try (first..<(first + 400)).map { try count($0) }, to: board)
                let daemon = circle.daemon("d\(round)")
                let run = Task { try await daemon.run() }
                try await eventually("something is published") {
                    try #require(try await circle.log.look(at: board)).merged > UInt64(first)
                }
                run.cancel()
                try await run.value
            }
            try await running(circle.daemon("last")) {
                try await circle.untilMerged(board)
                #expect(try await circle.published(board) == counted(to: 2_000))
                try await circle.untilNothingIsDirty()
            }
        }
    }

    @Test("Daemons that work on the same application at once, without leases, lose nothing and agree")
    func withoutLeases() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let last = 600
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["one", "two", "three"] {
                    group.addTask {
                        var merger = circle.merger(board, name)
                        var cycles = 0
                        while true {
                            // A checkpoint is under way while the next cycle runs.
                            let (present, isDue) = (merger, cycles % 3 == 0)
                            async let checkpoint = isDue ? present.checkpoint() : true
                            _ = try await present.cycle(expectingNews: cycles % 2 == 0)
                            _ = try await checkpoint
                            cycles += 1
                            // Now and then one forgets all it knows, as if it had been killed and started again.
                            if cycles % 17 == 0 { merger = circle.merger(board, name) }
                            if let head = try await circle.log.look(at: board), head.merged == UInt64(2 * last) {
                                return
                            }
                        }
                    }
                }
                group.addTask {
                    for n in 1...last {
                        try await circle.push(try count(n), try impossible("x-\(n)"), to: board)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await circle.published(board) == counted(to: last))
            #expect(try await circle.rebuilt(board) == counted(to: last))
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            let epoch = try #require(try await circle.log.look(at: board)).epoch
            for n in 1...last {
                let status = try await circle.log.status(of: try ChangeID("x-\(n)"), in: board)
                #expect(status == .known(PositionToken(epoch: epoch, number: UInt64(2 * n)), .rejected(rejection)))
            }
        }
    }
}
