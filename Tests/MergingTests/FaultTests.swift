import ChangeLog
import Fold
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Merging

@Suite("The merge daemon when something fails", .timeLimit(.minutes(3)))
struct FaultTests {
    @Test("With memcached stopped merging goes on; when it is back the next change is published there")
    func memcachedStopped() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                try await circle.push(try count(1), to: board)
                try await circle.untilMerged(board)
                circle.memcached.kill()
                try await circle.push(try count(2), try impossible("x"), to: board)
                try await circle.untilMerged(board)
                #expect(try await circle.rebuilt(board) == counted(to: 2))
                try await circle.memcached.launch()
                try await circle.push(try count(3), to: board)
                try await circle.untilMerged(board)
                var n = 3
                try await eventually("the state is published again") {
                    if try await circle.published(board) == counted(to: n) { return true }
                    n += 1
                    try await circle.push(try count(n), to: board)
                    try await circle.untilMerged(board)
                    return try await circle.published(board) == counted(to: n)
                }
            }
        }
    }

    @Test("With memcached flushed the next change is published with everything before it")
    func memcachedFlushed() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                try await circle.push(try count(1), try count(2), to: board)
                try await circle.untilNothingIsDirty()
                try circle.memcached.flush()
                #expect(try await circle.published(board) == nil)
                try await circle.push(try count(3), to: board)
                try await circle.untilMerged(board)
                #expect(try await circle.published(board) == counted(to: 3))
            }
        }
    }

    @Test("Redis killed and started again in the middle: nothing is lost, doubled or out of order")
    func redisRestarts() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                for n in 1...120 {
                    try await circle.push(try count(n), to: board)
                    if n % 40 == 0 {
                        circle.redis.kill()
                        try await circle.redis.launch()
                    }
                }
                try await eventually(within: .seconds(20), "everything is published after the last restart") {
                    let head = try #require(
                        try await insisting { () throws(LogError) in try await circle.log.look(at: board) })
                    return head.merged == 120 && head.tail == 120
                }
                #expect(try await circle.rebuilt(board) == counted(to: 120))
                try await eventually("the state of the present epoch is in memcached") {
                    let head = try #require(try await circle.log.look(at: board))
                    return try await circle.publishedPosition(board) == head.mergedToken
                }
                try await circle.untilNothingIsDirty()
            }
        }
    }

    @Test("With Redis away a daemon ends without waiting for it once per open application")
    func endsWithoutRedis() async throws {
        try await withCircle { (circle: Circle) async throws in
            let began = try await runningUntilRedisIsAway(circle, applications: 40)
            // Every operation waits a second for a connection.
            #expect(ContinuousClock.now - began < .seconds(20))
        }
    }

    /// - Returns: when the daemon was told to end.
    private func runningUntilRedisIsAway(_ circle: Circle, applications: Int) async throws -> ContinuousClock.Instant {
        let began = Mutex(ContinuousClock.now)
        try await running(circle.daemon()) {
            for n in 0..<applications { try await circle.push(try count(1), to: try id("app-\(n)")) }
            try await circle.untilNothingIsDirty()
            circle.redis.kill()
            began.withLock { $0 = .now }
        }
        return began.withLock { $0 }
    }

    @Test("A merger whose checkpoint the store refuses starts again from the log and publishes anew")
    func refusedCheckpoint() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            let merger = circle.merger(board)
            try await circle.push(try count(1), try count(2), to: board)
            _ = try await merger.cycle()
            #expect(try #require(try await circle.log.look(at: board)).merged == 2)
            try circle.redis.command("HSET", "{\(circle.log.partition(of: board))}:app:board", "merged", "0")
            #expect(try await !merger.checkpoint())
            _ = try await merger.cycle()
            #expect(try #require(try await circle.log.look(at: board)).merged == 2)
            #expect(try await merger.checkpoint())
            #expect(try #require(try await circle.log.look(at: board)).base == 2)
        }
    }

    @Test("Changes that Redis has lost come back from memcached, with their repeats and rejections")
    func lostTail() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await circle.push(try count(1), to: board)
            try await running(circle.daemon()) { try await circle.untilNothingIsDirty() }
            let path = try circle.redis.appendOnlyFile()
            func size() throws -> Int {
                (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            }
            let before = try size()
            try await running(circle.daemon()) {
                try await circle.push(try count(2), try impossible("x"), try change("p", #"{"p":1}"#), to: board)
                try await circle.untilMerged(board)
            }
            let published = try #require(try await circle.published(board))
            circle.redis.kill()
            try circle.redis.cutAppendOnlyFile(bytes: try size() - before)
            try await circle.redis.launch()
            let head = try #require(try await insisting { () throws(LogError) in try await circle.log.look(at: board) })
            #expect(head.tail == 4 && head.merged == 4)
            #expect(try await circle.rebuilt(board) == published)
            let answer = try await circle.log.append(
                [try count(2), try impossible("x"), try change("p", #"{"p":1}"#)], to: board, allOrNone: false)
            let rejection = Rejection(.pathNotFound, operation: 0, pointer: "/nowhere")
            #expect(
                answer
                    == .done(
                        head.epoch,
                        [
                            .known(position: 2, .applied), .known(position: 3, .rejected(rejection)),
                            .known(position: 4, .applied),
                        ]))
            try await running(circle.daemon()) {
                try await circle.push(try count(3), to: board)
                try await circle.untilNothingIsDirty()
                #expect(try await circle.published(board) == #"{"list":[1,2,3],"p":1}"#)
            }
        }
    }

    @Test("An application that is deleted while it is merged leaves nothing behind, and the next one begins empty")
    func deletion() async throws {
        try await withCircle { (circle: Circle) async throws in
            let board = try id("board")
            try await running(circle.daemon()) {
                for round in 0..<10 {
                    let client = "k\(round)"
                    try await circle.push(try (1...40).map { try count($0, client: client) }, to: board)
                    #expect(try await circle.log.delete(board) == .deleted)
                }
                try await circle.push(try (1...7).map { try count($0, client: "last") }, to: board)
                try await circle.untilMerged(board)
                #expect(try await circle.published(board) == counted(to: 7))
                try await circle.untilNothingIsDirty()
            }
        }
    }
}
