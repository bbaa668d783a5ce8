import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Large states, many applications, many pollers", .serialized, .timeLimit(.minutes(20)))
struct LoadTests {
    private func put(_ caller: Caller, _ circle: Circle, _ app: String, _ id: String, _ body: String) async throws {
        let answer = try await caller.send(
            "PUT", "\(circle.bucket.url)/v1/apps/\(app)/changes/\(id)",
            headers: [("Content-Type", "application/merge-patch+json"), ("Prefer", "wait=10")], body: body)
        #expect(answer.status == 201)
        #expect(answer.member("status") == "applied")
    }

    @Test("A state that memcached does not take is served all the same, rebuilt once per version, and said in the log")
    func tooLargeForMemcached() async throws {
        try await withCircle(CisternOptions(layout: .split, memcachedOptions: ["-I", "1m"])) { circle, caller in
            for part in ["a", "b"] {
                try await put(
                    caller, circle, "board", part, "{\"\(part)\":\"\(String(repeating: part, count: 760_000))\"}")
            }
            let url = "\(circle.poll.url)/v1/apps/board/state"
            #expect(try await caller.get(url).body.utf8.count > 1_500_000)
            let before = try await caller.metric("cistern_poll_rebuilds", at: circle.poll.url)
            for number in 1...4 {
                try await put(caller, circle, "board", "c\(number)", "{\"n\":\(number)}")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            try await eventually("the version is served") {
                                try await caller.get(url).body.contains("\"n\":\(number)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await caller.metric("cistern_poll_rebuilds", at: circle.poll.url) - before == 4)
            #expect(circle.merge.logged.contains("too large for memcached"))
        }
    }

    @Test("A table that is much too small for what is polled serves all of it, and throws out what it has to")
    func eviction() async throws {
        try await withCircle(CisternOptions(layout: .split, pollFlags: ["--table-memory", "8MiB"])) { circle, caller in
            let filling = String(repeating: "x", count: 400_000)
            for number in 0..<30 {
                try await put(caller, circle, "app\(number)", "c", "{\"me\":\(number),\"x\":\"\(filling)\"}")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for start in 0..<4 {
                    group.addTask {
                        for step in 0..<60 {
                            let number = (start * 7 + step) % 30
                            let answer = try await caller.get("\(circle.poll.url)/v1/apps/app\(number)/state")
                            #expect(answer.status == 200)
                            #expect(answer.body.hasPrefix("{\"me\":\(number),"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await caller.metric("cistern_poll_evictions", at: circle.poll.url) > 10)

            // Alone larger than the table, with the document that is kept beside it as long as memcached is away.
            for part in 0..<4 {
                try await put(caller, circle, "huge", "p\(part)", "{\"\(part)\":\"\(filling)\(filling)\"}")
            }
            circle.memcached.kill()
            for _ in 0..<3 {
                let answer = try await caller.get("\(circle.poll.url)/v1/apps/huge/state")
                #expect(answer.status == 200)
                #expect(answer.body.utf8.count > 3_000_000)
            }
        }
    }

    @Test("A client that has met a server that knows more is never answered with less")
    func aheadOfTheServer() async throws {
        try await withCircle(CisternOptions(layout: .split, pollers: 2)) { circle, caller in
            func poll(_ url: String, _ query: String = "", has version: String? = nil) async throws -> Caller.Answer {
                let headers = version.map { [("If-None-Match", $0)] } ?? []
                return try await caller.get("\(url)/v1/apps/board/state\(query)", headers: headers)
            }
            _ = try await caller.push("a", to: "board", at: circle.bucket.url, headers: [("Prefer", "wait=5")])
            let old = try await poll(circle.poll.url)
            #expect(old.status == 200)
            circle.merge.kill()
            for id in ["b", "c"] { _ = try await caller.push(id, to: "board", at: circle.bucket.url) }
            let fresh = try await poll(circle.polls[1], "?fresh=1")
            let version = try #require(fresh.header("ETag"))
            #expect(Token(version)?.number == 3)
            try circle.memcached.flush()
            #expect(try await poll(circle.poll.url, has: version).status == 304)
            #expect(try await poll(circle.poll.url).body == fresh.body)
            // A version that was never given out is no reason not to answer.
            let unheardOf = try #require(Token(version)).epoch + "-999"
            #expect(try await poll(circle.poll.url, has: "\"\(unheardOf)\"").body == fresh.body)
        }
    }

    @Test("Applications that nobody has are asked for once, not again and again")
    func unknownApplications() async throws {
        try await withCircle { circle, caller in
            _ = try await caller.push("a", to: "board", at: circle.bucket.url)
            let before = try await commands(circle.redis, in: .seconds(1))
            let memory = try await caller.metric("process_resident_memory_bytes", at: circle.poll.url)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<20 {
                    group.addTask {
                        for number in 0..<100 {
                            let answer = try await caller.get(
                                "\(circle.poll.url)/v1/apps/nobody-\(part)-\(number)/state")
                            #expect(answer.status == 404)
                        }
                    }
                }
                try await group.waitForAll()
            }
            // What was looked at while the last ones were polled.
            try await Task.sleep(for: .milliseconds(300))
            let after = try await commands(circle.redis, in: .seconds(1))
            #expect(after < before + 300, "commands of Redis a second: \(before) before, \(after) after")
            let grown = try await caller.metric("process_resident_memory_bytes", at: circle.poll.url) - memory
            #expect(grown < 100 << 20)
        }
    }

    @Test("Two hundred pollers of an application cost Redis what one costs")
    func costOfPolling() async throws {
        try await withCircle { circle, caller in
            _ = try await caller.push("a", to: "board", at: circle.bucket.url, headers: [("Prefer", "wait=5")])
            func cost(pollers: Int) async throws -> Int {
                let observations = Observations()
                let url = circle.poll.url
                return try await withThrowingTaskGroup(of: Int?.self) { group in
                    for number in 0..<pollers {
                        group.addTask {
                            var poller = Poller(
                                caller, servers: [url], application: "board", observations: observations)
                            try await Task.sleep(for: .milliseconds(number % 25 * 10))
                            while !Task.isCancelled {
                                await poller.poll()
                                try? await Task.sleep(for: .milliseconds(250))
                            }
                            return nil
                        }
                    }
                    let redis = circle.redis
                    group.addTask { try await commands(redis, in: .milliseconds(1_500)) }
                    var found: Int?
                    while found == nil, let cost = try await group.next() { found = cost }
                    group.cancelAll()
                    #expect(observations.violations == [])
                    #expect((observations.answers[304] ?? 0) >= pollers)
                    return found ?? 0
                }
            }
            let one = try await cost(pollers: 1)
            let many = try await cost(pollers: 200)
            #expect(many < one * 2 + 50, "commands of Redis: \(one) with one poller, \(many) with 200")
        }
    }
}

/// Commands that Redis runs in this time, those in scripts included.
private func commands(_ redis: TestRedis, in time: Duration) async throws -> Int {
    func count() throws -> Int {
        try redis.command("INFO", "commandstats").matches(of: /:calls=(\d+)/).reduce(0) { $0 + (Int($1.1) ?? 0) }
    }
    let before = try count()
    try await Task.sleep(for: time)
    return try count() - before
}
