import SystemSupport
import TestSupport
import Testing

@Suite("Daemons that die, pause and stop under load", .serialized, .timeLimit(.minutes(20)))
struct DaemonFaultTests {
    @Test("A merge daemon that is killed again and again loses nothing and doubles nothing")
    func killMergeDaemon() async throws {
        try await withCircle { circle, caller in
            let workload = Workload(push: circle.bucket.url, polls: [circle.poll.url], caller: caller)
            async let running = workload.run()
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(400))
                try await circle.merge.restart()
            }
            try await workload.verify(try await running)
        }
    }

    @Test(
        "Servers that are killed lose nothing, and those that are left agree on the bytes of every version",
        arguments: [CisternOptions.Layout.split, .front])
    func killServers(_ layout: CisternOptions.Layout) async throws {
        try await withCircle(CisternOptions(layout: layout, pollers: 2)) { circle, caller in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 40
            async let running = workload.run()
            for daemon in [circle.bucket] + circle.system.pollers + [circle.bucket] {
                try await Task.sleep(for: .milliseconds(250))
                try await daemon.restart()
            }
            try await workload.verify(try await running)
        }
    }

    @Test("Of two merge daemons one is paused past its leases and wakes up with old work in its hands")
    func pausedMergeDaemon() async throws {
        try await withCircle(CisternOptions(layout: .split, mergeDaemons: 2)) { circle, caller in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 120
            async let running = workload.run()
            for daemon in circle.system.mergeDaemons {
                try await Task.sleep(for: .milliseconds(300))
                daemon.pause()
                try await Task.sleep(for: .milliseconds(1_500))
                daemon.resume()
            }
            try await workload.verify(try await running)
        }
    }

    @Test("Every daemon that is told to stop under load ends cleanly and in time, and loses nothing")
    func stopUnderLoad() async throws {
        try await withCircle { circle, caller in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 80
            async let running = workload.run()
            for daemon in [circle.merge, circle.bucket, circle.poll] {
                try await Task.sleep(for: .milliseconds(300))
                daemon.askToStop()
                #expect(try await daemon.hasEndedCleanly())
                try await daemon.launch()
            }
            try await workload.verify(try await running)
            #expect(workload.observations.answers[503] == nil)
        }
    }

    @Test("What is under way when a daemon is told to stop is answered")
    func answersUnderWay() async throws {
        try await withCircle { circle, caller in
            _ = try await caller.push("first", to: "board", at: circle.bucket.url, headers: [("Prefer", "wait=5")])
            #expect(try await caller.counted("board", at: circle.poll.url).n == 1)
            circle.merge.pause()
            let push = circle.bucket.url
            let poll = circle.poll.url
            async let pushed = caller.push("second", to: "board", at: push, headers: [("Prefer", "wait=20")])
            let receipt = try await caller.push("first", to: "board", at: push).member("receipt") ?? ""
            let next = try #require(Token(receipt)).epoch + "-2"
            async let polled = caller.get(
                "\(poll)/v1/apps/board/state?at_least=\(next)", headers: [("Prefer", "wait=20")])
            for server in [push, poll] {
                // The request for the metrics is one itself.
                try await eventually("a request waits") {
                    try await caller.metric("http_requests_in_flight", at: server) >= 2
                }
            }
            circle.bucket.askToStop()
            circle.poll.askToStop()
            #expect(try await pushed.status == 201)
            let unmerged = try await polled
            #expect(unmerged.status == 503, "\(unmerged.status) \(unmerged.body)")
            for daemon in [circle.bucket, circle.poll] {
                #expect(try await daemon.hasEndedCleanly())
            }
            circle.merge.resume()
        }
    }

    @Test("A daemon that is told to stop while Redis is away does so in time", arguments: [true, false])
    func stopWithoutRedis(_ isSilent: Bool) async throws {
        try await withCircle { circle, caller in
            for number in 1...30 {
                _ = try await caller.push("a", to: "app\(number)", at: circle.bucket.url)
                _ = try await caller.get("\(circle.poll.url)/v1/apps/app\(number)/state")
            }
            if isSilent { circle.redis.pause() } else { circle.redis.kill() }
            let push = circle.bucket.url
            let refused = Task { try await caller.push("b", to: "app1", at: push).status }
            try await Task.sleep(for: .milliseconds(200))
            for daemon in [circle.bucket, circle.merge, circle.poll] { daemon.askToStop() }
            for daemon in [circle.bucket, circle.merge, circle.poll] {
                #expect(try await daemon.hasEndedCleanly(), "\(daemon.program.rawValue)")
            }
            #expect(try await refused.value == 503)
            if isSilent { circle.redis.resume() }
        }
    }

    @Test(
        "Without a merge daemon changes are taken until the backlog is full, and all of them are merged after its return"
    )
    func backlog() async throws {
        try await withCircle(CisternOptions(layout: .split, bucketFlags: ["--backlog-changes", "20"])) {
            circle, caller in
            circle.merge.kill()
            for number in 1...20 {
                #expect(try await caller.push("c\(number)", to: "board", at: circle.bucket.url).status == 201)
            }
            let refused = try await caller.push("c21", to: "board", at: circle.bucket.url)
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") != nil)
            #expect(
                try await caller.push("c7", to: "board", at: circle.bucket.url).status == 200, "a repeat needs no room")
            #expect(try await caller.push("c1", to: "roomy", at: circle.bucket.url).status == 201)
            try await circle.merge.launch()
            try await eventually("there is room again") {
                try await caller.push("c21", to: "board", at: circle.bucket.url).status == 201
            }
            try await eventually("everything is merged") {
                try await caller.counted("board", at: circle.poll.url).order == (1...21).map { "c\($0)" }
            }
        }
    }
}
