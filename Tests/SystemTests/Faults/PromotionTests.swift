import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Redis with a replica that sentinels promote", .serialized, .timeLimit(.minutes(20)))
struct PromotionTests {
    private static let waiting = ["--wait-for-replicas", "1", "--replica-limit", "300ms"]

    /// A system of a bucket, two state-polls and a merge daemon on a primary, a replica and sentinels.
    private func withPromotable(
        _ flags: [String] = [], sentinels: Int = 1,
        _ body: (Circle, Caller, TestReplication) async throws -> Void
    ) async throws {
        try await withReplication(sentinels: sentinels) { group in
            let options = CisternOptions(layout: .split, pollers: 2, replication: group, flags: flags)
            try await withCircle(options) { circle, caller in try await body(circle, caller, group) }
        }
    }

    /// Pushes until the answer is an acknowledgement.
    private func insist(_ id: String, _ circle: Circle, _ caller: Caller) async throws {
        try await eventually(within: .seconds(30), "\(id) is acknowledged") {
            try await caller.push(id, to: "board", at: circle.bucket.url).status < 300
        }
    }

    @Test(
        "A primary that is killed is followed by its replica: what was waited for is there, once, and pushes and polls go on"
    )
    func killed() async throws {
        try await withPromotable(Self.waiting, sentinels: 3) { circle, caller, group in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 150
            async let running = workload.run()
            try await Task.sleep(for: .milliseconds(700))
            let (old, new) = (group.servers[0], group.servers[1])
            // What is pushed from now on is on no replica when the primary dies, and in no snapshot that would bring it back.
            try group.cutOff(new, from: old)
            try await Task.sleep(for: .milliseconds(500))
            old.kill()
            let death = ContinuousClock.now
            for memcached in circle.system.memcacheds { try memcached.flush() }
            new.resume()
            _ = try await group.promotion(from: old)
            let promotion = ContinuousClock.now
            try await old.launch()
            try await insist("after", circle, caller)
            print("promoted after \(promotion - death), acknowledged again after \(ContinuousClock.now - death)")
            let outcome = try await running
            try await verify(workload, outcome, and: ["after"])
            #expect(Set(outcome.created.values.map(\.epoch)).count == 2, "the epoch has changed once")
        }
    }

    @Test(
        "A primary that slept through a promotion acknowledges nothing when it wakes up, and nobody sees its states again"
    )
    func slept() async throws {
        try await withPromotable(Self.waiting) { circle, caller, group in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 150
            async let running = workload.run()
            try await Task.sleep(for: .milliseconds(700))
            let old = group.servers[0]
            old.pause()
            _ = try await group.promotion(from: old)
            old.resume()
            try await insist("after", circle, caller)
            let outcome = try await running
            try await verify(workload, outcome, and: ["after"])
        }
    }

    @Test(
        "A primary that is promoted back before it was made a replica begins another epoch: all clients follow, nothing is doubled"
    )
    func failback() async throws {
        try await withPromotable { circle, caller, group in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 150
            workload.numbersChanges = false
            async let running = workload.run()
            var epochs = [try await seen(circle, caller)]
            let (first, second) = (group.servers[0], group.servers[1])
            for (left, next) in [(first, second), (second, first), (first, second), (second, first)] {
                try await Task.sleep(for: .milliseconds(300))
                // Two that answer at a time would be another matter.
                left.pause()
                try group.appoint(next)
                epochs.append(try await seen(circle, caller, other: epochs.last))
                left.resume()
            }
            #expect(Set(epochs).count == epochs.count, "no epoch has come back")
            let outcome = try await running
            #expect(workload.observations.violations == [])
            // What was acknowledged by a primary that was left is lost with its epoch; all of the last one is there, and on every server.
            let last = try #require(epochs.last)
            let owed = Set(outcome.receipts.filter { $0.value.epoch == last }.keys)
            for server in circle.polls {
                try await eventually("\(server) has all changes of the last epoch") {
                    try await owed.isSubset(of: caller.counted("board", at: server).order)
                }
                let state = try await caller.counted("board", at: server)
                #expect(state.counts.values.allSatisfy { $0 == 1 }, "once each")
            }
        }
    }

    /// The epoch that all servers show, once it is another.
    private func seen(_ circle: Circle, _ caller: Caller, other old: String? = nil) async throws -> String {
        var seen = ""
        try await eventually(within: .seconds(10), "all servers show another epoch") {
            let push = try await caller.push("probe", to: "board", at: circle.bucket.url)
            var epochs = Set([Token(push.member("receipt"))?.epoch])
            for server in circle.polls {
                let answer = try await caller.get("\(server)/v1/apps/board/state")
                epochs.insert(Token(answer.header("ETag"))?.epoch)
            }
            guard epochs.count == 1, let epoch = epochs.first ?? nil, epoch != old else { return false }
            seen = epoch
            return true
        }
        return seen
    }

    private func verify(_ workload: Workload, _ outcome: Workload.Outcome, and more: [String]) async throws {
        #expect(workload.observations.violations == [])
        let ids = Set(outcome.receipts.keys).union(more)
        for server in workload.polls {
            try await eventually(within: .seconds(5), "\(server) has all changes") {
                try await workload.caller.counted(workload.application, at: server).n >= ids.count
            }
            let state = try await workload.caller.counted(workload.application, at: server)
            #expect(Set(state.order) == ids && state.order.count == ids.count, "once each")
        }
    }

    @Test("A promotion that lost a change begins another epoch, in which its position may be given again")
    func lost() async throws {
        try await withPromotable { circle, caller, group in
            let (old, new) = (group.servers[0], group.servers[1])
            try await insist("kept", circle, caller)
            try await eventually("the replica has it") { try new.command("KEYS", "*:app:board").contains("board") }
            // Else the snapshot would bring the change back.
            for memcached in circle.system.memcacheds { memcached.kill() }
            try group.cutOff(new, from: old)
            let lost = try await caller.push("lost", to: "board", at: circle.bucket.url)
            let receipt = try #require(Token(lost.header("Cistern-Position")))
            old.kill()
            new.resume()
            _ = try await group.promotion(from: old)
            for memcached in circle.system.memcacheds { try await memcached.launch() }
            var other: Token?
            try await eventually(within: .seconds(30), "another change is acknowledged") {
                let answer = try await caller.push("other", to: "board", at: circle.bucket.url)
                other = answer.status < 300 ? Token(answer.header("Cistern-Position")) : nil
                return other != nil
            }
            #expect(other?.number == receipt.number && other?.epoch != receipt.epoch)
            try await insist("lost", circle, caller)
            try await eventually("all are in the state") {
                try await caller.counted("board", at: circle.polls[0]).order == ["kept", "other", "lost"]
            }
        }
    }

    @Test(
        "Too few replicas are an outcome that is not known, and a repeat is acknowledged only when they have it, whoever is asked"
    )
    func shortfall() async throws {
        try await withReplication { group in
            let flags = Self.waiting
            let options = CisternOptions(layout: .front, pollers: 2, replication: group, flags: flags)
            try await withCircle(options) { circle, caller in
                let (one, other) = (circle.polls[0], circle.polls[1])
                try await insist("a", circle, caller)
                group.servers[1].pause()
                let short = try await caller.push("b", to: "board", at: one)
                #expect(short.status == 503 && short.member("type") == "/problems/log-unavailable")
                #expect(short.body.contains("too few replicas"))
                #expect(short.header("Retry-After") != nil)
                // By another server, whose connection has written nothing.
                #expect(try await caller.push("b", to: "board", at: other).status == 503)
                #expect(try await batch(["b", "c"], at: other, caller) == 503)
                // Nothing is rolled back.
                try await eventually("the changes are in the state") {
                    try await caller.counted("board", at: one).order == ["a", "b", "c"]
                }
                // Polls wait for no replica.
                let begin = ContinuousClock.now
                for _ in 0..<20 { _ = try await caller.counted("board", at: one) }
                #expect(ContinuousClock.now - begin < .seconds(1))
                group.servers[1].resume()
                try await eventually("the repeat is acknowledged") {
                    try await caller.push("b", to: "board", at: other).status == 200
                }
                #expect(try await batch(["b", "c"], at: other, caller) == 200)
            }
        }
    }

    private func batch(_ ids: [String], at server: String, _ caller: Caller) async throws -> Int {
        let elements = ids.map {
            #"{"id":"\#($0)","type":"application/vnd.cistern.patch+json","change":\#(Pusher.body($0))}"#
        }
        return try await caller.send(
            "PUT", "\(server)/v1/apps/board/changes", headers: [("Content-Type", "application/json")],
            body: "[\(elements.joined(separator: ","))]"
        ).status
    }

    @Test("A socket's push is acknowledged when replicas have it, and refused as one whose outcome is not known before")
    func socket() async throws {
        try await withReplication { group in
            try await withCistern(CisternOptions(replication: group, flags: Self.waiting)) { system in
                try await system.withSocket { socket in
                    try await socket.push(#"{"a":1}"#, id: "a")
                    #expect(try await socket.answer(to: "a") == "ack")
                    group.servers[1].pause()
                    try await socket.push(#"{"b":1}"#, id: "b")
                    #expect(try await socket.answer(to: "b") == "refused log-unavailable")
                    group.servers[1].resume()
                }
            }
        }
    }

    @Test("Readiness says who the primary is, and how many replicas follow it")
    func readiness() async throws {
        try await withPromotable { circle, caller, group in
            let port = try #require(group.servers[0].port)
            let answer = try await caller.get("\(circle.bucket.url)/readyz")
            #expect(answer.body.contains(#""primary":"redis://127.0.0.1:\#(port)""#))
            #expect(answer.body.contains(#""replicas":1"#))
        }
    }
}
