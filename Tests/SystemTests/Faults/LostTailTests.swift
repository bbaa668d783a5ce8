import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("A Redis that lost the end of its append-only file", .serialized, .timeLimit(.minutes(20)))
struct LostTailTests {
    /// Ends Redis as a power cut would and gives back only what it had written when its file was `size` bytes long.
    private func lose(_ redis: TestRedis, behind size: Int) throws {
        redis.kill()
        try redis.cutAppendOnlyFile(bytes: try self.size(of: redis) - size)
    }

    private func size(of redis: TestRedis) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: try redis.appendOnlyFile())
        return try #require(attributes[.size] as? Int)
    }

    private func pushRejected(_ id: String, _ caller: Caller, to circle: Circle) async throws {
        let answer = try await caller.send(
            "PUT", "\(circle.bucket.url)/v1/apps/board/changes/\(id)",
            headers: [("Content-Type", "application/json-patch+json"), ("Prefer", "wait=5")],
            body: #"[{"op":"test","path":"/n","value":"no number"}]"#)
        #expect(answer.status == 201)
        #expect(answer.member("status") == "rejected")
    }

    @Test("What was published is taken back from memcached, and the records of the lost changes with it")
    func adoption() async throws {
        try await withCircle { circle, caller in
            let bucket = circle.bucket.url
            let poll = circle.poll.url
            let observations = Observations()
            var poller = Poller(caller, servers: [poll], application: "board", observations: observations)
            for id in ["a", "b", "x~1"] {
                _ = try await caller.push(id, to: "board", at: bucket, headers: [("Prefer", "wait=5")])
            }
            let size = try size(of: circle.redis)
            let lost = ["c", "x~2", "d"]
            var receipts: [String: Token?] = [:]
            for id in lost {
                let answer = try await caller.push(id, to: "board", at: bucket, headers: [("Prefer", "wait=5")])
                #expect(answer.member("status") == "applied")
                receipts[id] = Token(answer.member("receipt"))
            }
            for id in ["r", "x~3"] { try await pushRejected(id, caller, to: circle) }
            await poller.poll()
            let before = try #require(poller.version)

            try lose(circle.redis, behind: size)
            try await circle.redis.launch()
            try await eventually("the epoch has changed") {
                await poller.poll()
                return poller.version?.epoch != before.epoch
            }
            #expect(try await caller.counted("board", at: poll).order == ["a", "b", "x~1"] + lost)
            #expect(poller.version?.number == before.number)
            for id in lost {
                let again = try await caller.push(id, to: "board", at: bucket)
                #expect(again.status == 200)
                #expect(again.member("status") == "applied")
                #expect(Token(again.member("receipt"))?.number ?? 0 >= receipts[id]??.number ?? 1)
            }
            for id in ["r", "x~3"] {
                #expect(try await caller.get("\(bucket)/v1/apps/board/changes/\(id)").member("status") == "rejected")
            }
            #expect(
                try await caller.push("x~4", to: "board", at: bucket, headers: [("Prefer", "wait=5")]).status == 201)
            try await eventually("everything is in the state") { try await caller.counted("board", at: poll).n == 7 }
            #expect(observations.violations == [])
        }
    }

    @Test("Without memcached the lost changes are sent again by those who still have them, and are folded once")
    func sendingAgain() async throws {
        try await withCircle { circle, caller in
            let observations = Observations()
            var poller = Poller(caller, servers: [circle.poll.url], application: "board", observations: observations)
            var numbered = Pusher(caller, server: circle.bucket.url, application: "board", observations: observations)
            var named = Pusher(caller, server: circle.bucket.url, application: "board", observations: observations)
            for number in 1...5 {
                try await numbered.push("x~\(number)")
                try await named.push("y-\(number)")
            }
            let size = try size(of: circle.redis)
            for number in 6...9 {
                try await numbered.push("x~\(number)")
                try await named.push("y-\(number)")
            }
            try lose(circle.redis, behind: size)
            try await circle.memcached.restart()
            try await circle.redis.launch()
            try await eventually("all changes have been seen in a state") {
                await poller.poll()
                try await numbered.settle(with: poller)
                try await named.settle(with: poller)
                return numbered.pending.isEmpty && named.pending.isEmpty
            }
            let state = try await caller.counted("board", at: circle.poll.url)
            #expect(state.n == 18)
            #expect(state.counts.count == 18 && state.counts.values.allSatisfy { $0 == 1 })
            #expect(state.order.filter { $0.hasPrefix("x") } == (1...9).map { "x~\($0)" }, "a client's own order")
            let epochs = Set(numbered.receipts.values.map(\.epoch))
            #expect(epochs.contains(try #require(poller.version).epoch))
            #expect(
                numbered.created.values.filter { $0.epoch == poller.version?.epoch }.count == 4, "lost and sent again")
            #expect(observations.violations == [])
        }
    }
}
