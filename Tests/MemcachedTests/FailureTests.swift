import Logging
import Memcached
import TestSupport
import Testing

@Suite("Servers that fail")
struct FailureTests {
    @Test("A memcached that was restarted is used again by itself, with new CAS numbers")
    func restarts() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                _ = try await client.set("k", bytes("before"))
                try await memcached.restart()
                #expect(try await client.get("k") == nil, "the connection that broke is replaced within the get")
                #expect(try await client.set("k", bytes("after")) == .stored)
                #expect(try await client.get("k")?.text == "after")
            }
        }
    }

    @Test("A restarted memcached is asked again for its item limit", .timeLimit(.minutes(1)))
    func limitFollowsServer() async throws {
        let small = try await TestMemcached.start(tcp: true)
        defer { small.remove() }
        try await withClient([small]) { client async throws in
            #expect(try await client.maximumValueLength(forKey: "k") < 1 << 20)
            small.kill()
            await #expect(throws: MemcachedError.self) { try await client.set("k", bytes("v")) }
            try await small.launch()
            try await eventually("the server is found again") {
                try await client.maximumValueLength(forKey: "k") == (1 << 20) - 129
            }
        }
    }

    @Test("A server that is away fails its operations at once and names itself")
    func away() async throws {
        try await withMemcached { memcached async throws in
            memcached.kill()
            try await withClient([memcached]) { client async throws in
                for _ in 0..<10 {
                    let start = ContinuousClock.now
                    guard case .failure(let error) = await result({ try await client.get("k") }),
                        case .unreachable(let server, let reason) = error
                    else {
                        Issue.record("a get without a server has to say unreachable")
                        continue
                    }
                    #expect(server == MemcachedAddress(memcached))
                    #expect(!reason.isEmpty)
                    #expect(ContinuousClock.now - start < .seconds(3), "libmemcached's own time-outs are 4 and 5 s")
                }
                try await memcached.launch()
                try await eventually("the server is found again") { try await client.get("k") == nil }
            }
        }
    }

    @Test("A hung server lets its keys fail in time while the others answer")
    func hung() async throws {
        try await withServers(3) { servers async throws in
            try await withClient(servers) { client async throws in
                var keys: [MemcachedAddress: [String]] = [:]
                for index in 0..<90 {
                    let key = "key-\(index)"
                    #expect(try await client.set(key, bytes(key)) == .stored)
                    keys[try await client.server(forKey: key), default: []].append(key)
                }
                #expect(keys.count == 3)
                let lame = MemcachedAddress(servers[0])
                try await servers[0].standStill()
                for (server, keys) in keys {
                    for key in keys {
                        let start = ContinuousClock.now
                        let answer = await result { try await client.get(key) }
                        #expect(ContinuousClock.now - start < .seconds(3), "libmemcached's own time-out is 5 s")
                        switch answer {
                        case .success(let item):
                            #expect(server != lame && item?.text == key)
                        case .failure(let error):
                            #expect(server == lame, "\(key): \(error)")
                        }
                    }
                }
                servers[0].resume()
                let key = try #require(keys[lame]?.first)
                try await eventually("the server is found again") { try await client.get(key)?.text == key }
            }
        }
    }

    @Test("After a pause nobody gets another's value", .timeLimit(.minutes(1)), arguments: [false, true])
    func crosstalk(tcp: Bool) async throws {
        try await withMemcached(tcp: tcp) { memcached async throws in
            try await withClient([memcached]) { client async throws in
                let keys = (0..<64).map { "key-\($0)" }
                for key in keys { _ = try await client.set(key, bytes("value of \(key)")) }
                for round in 0..<4 {
                    try await memcached.standStill()
                    let failures = await ask(client, keys, round: round).filter { $0 == false }.count
                    #expect(failures == keys.count, "nothing can be answered by a server that stands still")
                    memcached.resume()
                    try await eventually("all are answered again") {
                        await ask(client, keys, round: round).allSatisfy { $0 }
                    }
                }
            }
        }
    }

    /// Asks for and stores all keys at once. Records an issue for every value that is not its key's.
    private func ask(_ client: MemcachedClient, _ keys: [String], round: Int) async -> [Bool] {
        await withTaskGroup { group in
            for (place, key) in keys.enumerated() {
                group.addTask {
                    if place % 4 == round % 4 {
                        let outcome = await result { try await client.set(key, bytes("value of \(key)")) }
                        return outcome == .success(.stored)
                    }
                    guard case .success(let item) = await result({ try await client.get(key) }) else { return false }
                    #expect(item?.text == "value of \(key)")
                    return true
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("A get that timed out is a failure and not a miss")
    func timeoutIsNoMiss() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                _ = try await client.set("k", bytes("v"))
                try await memcached.standStill()
                defer { memcached.resume() }
                #expect(await result { try await client.get("k") } == .failure(.timedOut(MemcachedAddress(memcached))))
            }
        }
    }

    @Test("The deadline and a cancellation count although the thread is stuck")
    func stuckThread() async throws {
        try await withServers(4) { servers async throws in
            try await withClient(servers) {
                $0.threads = 1
                $0.pollTimeout = .milliseconds(200)
                $0.deadline = .milliseconds(250)
            } _: { client in
                // One key per server, each with a connection. Standing still they cost the one thread 800 ms.
                var keys: [MemcachedAddress: String] = [:]
                for index in 0..<100 {
                    let key = "key-\(index)"
                    keys[try await client.server(forKey: key)] = key
                    _ = try await client.set(key, bytes("v"))
                }
                for server in servers { try await server.standStill() }
                defer { for server in servers { server.resume() } }
                let cancelled = Task { await result { try await client.delete("key-0") } }
                let answers = await withTaskGroup { group in
                    for key in keys.values { group.addTask { await result { try await client.get(key) } } }
                    cancelled.cancel()
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count == 4)
                #expect(answers.contains(.failure(.deadlineExceeded(.milliseconds(250)))))
                #expect(await cancelled.value == .failure(.cancelled))
            }
        }
    }

    @Test("Something that is no memcached is recognised")
    func stranger() async throws {
        let redis = try await TestRedis.start()
        defer { redis.remove() }
        let path = redis.socketPath
        let client = try await MemcachedClient(
            configuration: MemcachedConfiguration(servers: [.unix(path: path)]), logger: .init(label: "test"))
        let answer = await result { try await client.get("k") }
        await client.shutdown()
        guard case .failure = answer else {
            Issue.record("redis cannot answer a get of memcached, but there was \(answer)")
            return
        }
    }
}
