import ChangeLog
import Fold
import TestSupport
import Testing

@testable import Merging

@Suite("The merge daemon", .timeLimit(.minutes(3)))
struct MergeDaemonTests {
    @Test("Changes become a published state, and a rejected one is told with its reason")
    func publishes() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                try await circle.push(try change("a", #"{"a":1}"#), try impossible("b"), to: board)
                try await circle.push(try change("c", #"{"c":3}"#), to: board)
                try await circle.untilMerged(board)
                #expect(try await circle.published(board) == #"{"a":1,"c":3}"#)
                let head = try #require(try await circle.log.look(at: board))
                #expect(head.version == 3)
                let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
                #expect(
                    try await circle.log.status(of: try ChangeID("b"), in: board)
                        == .known(PositionToken(epoch: head.epoch, number: 2), .rejected(rejection)))
            }
        }
    }

    @Test("Without any hint the sweep finds what was pushed")
    func sweep() async throws {
        try await withCircle(hints: false) { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                for n in 1...3 {
                    try await circle.push(try count(n), to: board)
                    try await circle.untilMerged(board)
                }
                #expect(try await circle.published(board) == counted(to: 3))
            }
        }
    }

    @Test("5,000 changes of 20 applications are all applied, each in its order")
    func manyChanges() async throws {
        try await withCircle { (circle: Circle) async throws in
            let applications = try (0..<20).map { try id("app-\($0)") }
            try await running(circle.daemon()) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for application in applications {
                        group.addTask {
                            for first in stride(from: 1, through: 250, by: 10) {
                                try await circle.push(try (first..<(first + 10)).map { try count($0) }, to: application)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                for application in applications {
                    try await circle.untilMerged(application)
                    #expect(try await circle.published(application) == counted(to: 250))
                }
                try await circle.untilNothingIsDirty()
            }
        }
    }

    @Test("A quiet application leaves the dirty set, its list is empty and its checkpoint is the state")
    func quietApplication() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                try await circle.push(try count(1), try count(2), try impossible("x"), to: board)
                try await circle.untilNothingIsDirty()
                let slice = try #require(try await circle.log.read(board, after: nil))
                #expect(slice.base == 3 && slice.tail == 3 && slice.entries.isEmpty)
                #expect(try await circle.rebuilt(board) == counted(to: 2))
                #expect(try circle.redis.command("LLEN", "{\(circle.log.partition(of: board))}:log:board") == "0")
            }
        }
    }

    @Test("A busy application is checkpointed on the way, so its list stays short")
    func checkpointsByNumber() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let daemon = circle.daemon {
                $0.checkpointChanges = 50
                $0.checkpointInterval = .seconds(3_600)
                $0.quietTime = .seconds(3_600)
            }
            try await running(daemon) {
                for first in stride(from: 1, through: 500, by: 25) {
                    try await circle.push(try (first..<(first + 25)).map { try count($0) }, to: board)
                    try await circle.untilMerged(board)
                }
                try await eventually("less than a checkpoint's worth is left") {
                    let head = try #require(try await circle.log.look(at: board))
                    return head.tail - head.base < 50
                }
            }
        }
    }

    @Test("Garbage in a list costs its own position and nothing else")
    func garbage() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let partition = circle.log.partition(of: board)
            try await circle.push(try count(1), try change("x", #"{"lost":1}"#), try count(2), to: board)
            try circle.redis.command("LSET", "{\(partition)}:log:board", "1", "\u{1}garbage \u{0}")
            try await running(circle.daemon()) {
                try await circle.untilMerged(board)
                #expect(try await circle.published(board) == counted(to: 2))
                try await circle.push(try count(3), to: board)
                try await circle.untilNothingIsDirty()
                #expect(try await circle.published(board) == counted(to: 3))
            }
        }
    }

    @Test("An application whose keys are damaged, and a partition whose keys are of another type, hold nobody up")
    func damage() async throws {
        try await withCircle(partitions: 4) { (circle: Circle) async throws in
            let names = try (0..<16).map { try id("app-\($0)") }
            let damaged = names[0]
            let broken = circle.log.partition(of: damaged)
            let others = names.filter { circle.log.partition(of: $0) != broken }
            try #require(!others.isEmpty)
            for name in names { try await circle.push(try count(1), to: name) }
            try circle.redis.command("RPUSH", "{\(broken)}:log:\(damaged)", "smuggled in")
            try circle.redis.command("DEL", "{\(broken)}:dirty")
            try circle.redis.command("SET", "{\(broken)}:dirty", "not ours")
            let stranger = try #require(
                (0..<4).first { $0 != broken.number && Partition(of: others[0], among: 4).number != $0 })
            try circle.redis.command("RPUSH", "{\(Partition(number: stranger))}:lease", "not ours")
            try await running(circle.daemon()) {
                for other in others where circle.log.partition(of: other).number != stranger {
                    try await circle.untilMerged(other)
                }
                try await circle.push(try count(2), to: others[0])
                try await circle.untilMerged(others[0])
                #expect(try await circle.published(others[0]) == counted(to: 2))
            }
        }
    }

    @Test("With room for no document at all everything is merged, and quiet applications are checkpointed all the same")
    func eviction() async throws {
        try await withCircle { (circle: Circle) async throws in
            let applications = try (0..<12).map { try id("app-\($0)") }
            try await running(circle.daemon { $0.documentBytes = 1 }) {
                for n in 1...5 {
                    for application in applications { try await circle.push(try count(n), to: application) }
                }
                for application in applications {
                    try await circle.untilMerged(application)
                    #expect(try await circle.published(application) == counted(to: 5))
                }
                try await circle.untilNothingIsDirty()
            }
        }
    }

    @Test("A daemon that ends in the ordinary way checkpoints what it has open and gives its leases back")
    func gracefulShutdown() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let daemon = circle.daemon {
                $0.lease = .seconds(3_600)
                $0.checkpointInterval = .seconds(3_600)
                $0.quietTime = .seconds(3_600)
            }
            try await running(daemon) {
                try await circle.push(try count(1), try count(2), to: board)
                try await circle.untilMerged(board)
                #expect(try #require(try await circle.log.look(at: board)).base == 0)
            }
            let head = try #require(try await circle.log.look(at: board))
            #expect(head.base == 2 && head.merged == 2)
            for partition in circle.log.partitions {
                #expect(try circle.redis.command("EXISTS", "{\(partition)}:lease") == "0")
            }
            #expect(try circle.redis.command("ZCARD", "cistern:daemons") == "0")
        }
    }
}
