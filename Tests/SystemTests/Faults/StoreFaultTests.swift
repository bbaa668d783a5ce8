import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Redis and memcached that die, forget and fall silent", .serialized, .timeLimit(.minutes(20)))
struct StoreFaultTests {
    @Test("memcached that is killed, flushed and gone for a while takes nothing along, and both pushes and polls go on")
    func memcachedFaults() async throws {
        try await withCircle(CisternOptions(layout: .split, pollers: 2)) { circle, caller in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 100
            async let running = workload.run()
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(200))
                try circle.memcached.flush()
                try await Task.sleep(for: .milliseconds(100))
                try await circle.memcached.restart()
            }
            circle.memcached.kill()
            workload.observations.countAnew()
            try await Task.sleep(for: .milliseconds(300))
            let pushed = try await caller.push("while-away", to: "lonely", at: circle.bucket.url)
            #expect(pushed.status == 201)
            try await eventually("a state is served without memcached") {
                try await caller.counted("lonely", at: circle.polls[1]).order == ["while-away"]
            }
            try await circle.memcached.launch()
            let outcome = try await running
            try await workload.verify(outcome)
            #expect(outcome.refusals == [:], "pushes go on")
            #expect(Set(workload.observations.answers.keys).isSubset(of: [200, 304]), "polls go on")
        }
    }

    @Test("Redis that is killed again and again keeps every change; polls go on, pushes are refused and sent again")
    func killRedis() async throws {
        try await withCircle(CisternOptions(layout: .split, pollers: 2)) { circle, caller in
            let workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            async let running = workload.run()
            try await Task.sleep(for: .milliseconds(500))
            workload.observations.countAnew()
            for _ in 0..<2 {
                circle.redis.kill()
                try await Task.sleep(for: .milliseconds(1_500))
                try await circle.redis.launch()
                try await Task.sleep(for: .milliseconds(400))
            }
            let outcome = try await running
            try await workload.verify(outcome)
            #expect((outcome.refusals[503] ?? 0) > 0)
            let answers = workload.observations.answers
            // A client that has met the new epoch at one server is not answered from the old one by another that cannot ask.
            #expect((answers[200] ?? 0) + (answers[304] ?? 0) > 5 * (answers[503] ?? 0))
            #expect(Set(outcome.created.values.map(\.epoch)).count >= 2, "the epoch has changed")
        }
    }

    @Test(
        "With Redis stopped known applications are polled, everything else is refused, and all of it comes back by itself"
    )
    func redisStopped() async throws {
        try await withCircle { circle, caller in
            let bucket = circle.bucket.url
            let poll = circle.poll.url
            _ = try await caller.push("before", to: "board", at: bucket)
            let observations = Observations()
            var poller = Poller(caller, servers: [poll], application: "board", observations: observations)
            try await eventually("the state is there") {
                await poller.poll()
                return poller.state != nil
            }
            circle.redis.stop()
            observations.countAnew()
            let end = ContinuousClock.now + .seconds(2)
            while ContinuousClock.now < end {
                await poller.poll()
                let full = try await caller.get("\(poll)/v1/apps/board/state")
                #expect(full.status == 200)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(Set(observations.answers.keys) == [304])
            #expect(observations.longestAnswer < .seconds(1))

            let pushed = try await caller.push("during", to: "board", at: bucket)
            #expect(pushed.status == 503)
            #expect(pushed.member("type") == "/problems/log-unavailable")
            #expect(pushed.header("Retry-After") != nil)
            let unknown = try await caller.get("\(poll)/v1/apps/unheard-of/state")
            #expect(unknown.status == 503)
            #expect(unknown.header("Retry-After") != nil)
            for daemon in [circle.bucket, circle.merge, circle.poll] {
                #expect(try await caller.get("\(daemon.url)/readyz").status == 503)
                #expect(try await caller.get("\(daemon.url)/healthz").status == 200)
            }

            try await circle.redis.launch()
            for daemon in [circle.bucket, circle.merge, circle.poll] {
                try await eventually("\(daemon.program.rawValue) is ready again") {
                    try await caller.get("\(daemon.url)/readyz").status == 200
                }
            }
            #expect(try await caller.push("after", to: "board", at: bucket).status == 201)
            try await eventually("the change is seen") {
                await poller.poll()
                return poller.state?.contains("after") ?? false
            }
            #expect(try await caller.get("\(poll)/v1/apps/unheard-of/state").status == 404)
            #expect(observations.violations == [])
        }
    }

    @Test("Servers that fall silent without closing anything hold up no poll, and no change is lost or doubled")
    func silentServers() async throws {
        try await withCircle(CisternOptions(layout: .split, pollers: 2)) { circle, caller in
            var workload = Workload(push: circle.bucket.url, polls: circle.polls, caller: caller)
            workload.changesEach = 80
            // There is a state before anybody polls it.
            let first = try await caller.send(
                "PUT", "\(circle.bucket.url)/v1/apps/board/changes/first",
                headers: [("Content-Type", "application/json-patch+json")], body: "[]")
            #expect(first.status == 201)
            for poll in circle.polls {
                try await eventually("\(poll) has the state") {
                    try await caller.get("\(poll)/v1/apps/board/state").status == 200
                }
            }
            async let running = workload.run()
            try await Task.sleep(for: .milliseconds(400))
            circle.memcached.pause()
            try await Task.sleep(for: .milliseconds(800))
            circle.memcached.resume()
            circle.redis.pause()
            try await Task.sleep(for: .milliseconds(1_500))
            circle.redis.resume()
            try await workload.verify(try await running)
            #expect(workload.observations.longestAnswer < .seconds(2))
            #expect(Set(workload.observations.answers.keys).isSubset(of: [200, 304]))
        }
    }

    @Test("Without any hints a change is seen all the same, soon")
    func lostHints() async throws {
        try await withCircle { circle, caller in
            let observations = Observations()
            var poller = Poller(caller, servers: [circle.poll.url], application: "board", observations: observations)
            let redis = circle.redis
            let killing = Task {
                while !Task.isCancelled {
                    _ = try? redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                    try? await Task.sleep(for: .milliseconds(5))
                }
            }
            defer { killing.cancel() }
            for number in 1...6 {
                _ = try await caller.push("c\(number)", to: "board", at: circle.bucket.url)
                try await eventually(
                    within: .seconds(3), poll: .milliseconds(50), "change \(number) is seen without a hint"
                ) {
                    await poller.poll()
                    return poller.state?.contains("c\(number)") ?? false
                }
            }
            #expect(observations.violations == [])
        }
    }

    @Test("Garbage in a list takes its place, and the changes behind it are applied")
    func garbage() async throws {
        try await withCircle { circle, caller in
            circle.merge.kill()
            for id in ["a", "b", "c"] { _ = try await caller.push(id, to: "board", at: circle.bucket.url) }
            let log = try circle.key("log", "board")
            try circle.redis.command("LSET", log, "1", "{\"not\": \"an entry\"}\n\0")
            try circle.redis.command("RPUSH", log, "garbage")
            let last = try await caller.push("d", to: "board", at: circle.bucket.url)
            #expect(Token(last.member("receipt"))?.number == 5)
            try await circle.merge.launch()
            try await eventually("what is behind the garbage is applied") {
                try await caller.counted("board", at: circle.poll.url).order == ["a", "c", "d"]
            }
            let status = try await caller.get(
                "\(circle.bucket.url)/v1/apps/board/changes/d", headers: [("Prefer", "wait=5")])
            #expect(status.member("status") == "applied")
        }
    }
}
