import Memcached
import Metrics
import MetricsTestKit
import TestSupport
import Testing

@Suite("Batches and bounds")
struct BatchTests {
    private func text(_ index: Int) -> String { "value of key-\(index)" }

    @Test("A thousand gets at once cost few requests, and each gets its own value")
    func batches() async throws {
        let metrics = TestMetrics()
        try await withMemcached { memcached async throws in
            try await withClient([memcached], metrics: metrics) { client async throws in
                for index in 0..<1000 { _ = try await client.set("key-\(index)", bytes(text(index))) }
                let texts = try await withThrowingTaskGroup { group in
                    for index in 0..<1000 {
                        group.addTask { (index, try await client.get("key-\(index)")?.text) }
                    }
                    return try await group.reduce(into: [Int: String?]()) { $0[$1.0] = $1.1 }
                }
                #expect(texts == Dictionary(uniqueKeysWithValues: (0..<1000).map { ($0, text($0)) }))
                let sizes = try metrics.expectRecorder("memcached_batch_keys").values
                #expect(sizes.reduce(0, +) == 1000)
                #expect(sizes.count <= 250, "\(sizes.count) requests for 1,000 keys")
            }
        }
    }

    @Test("Gets of one key at once are asked for once per batch")
    func duplicates() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                _ = try await client.set("hot", bytes("value"))
                let before = try await gets(memcached, client)
                let texts = try await withThrowingTaskGroup { group in
                    for _ in 0..<1000 { group.addTask { try await client.get("hot")?.text } }
                    return try await group.reduce(into: [String?]()) { $0.append($1) }
                }
                #expect(texts.count == 1000 && texts.allSatisfy { $0 == "value" })
                let asked = try await gets(memcached, client) - before
                #expect(asked >= 1 && asked <= 500, "memcached saw \(asked) gets for 1,000")
            }
        }
    }

    @Test(
        "A look at the beginning of a value has the value's number, and whoever asks for all of it at the same time gets all"
    )
    func peeking() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) {
                $0.threads = 1
            } _: { client async throws in
                let value = (0..<100_000).map { UInt8($0 % 251) }
                _ = try await client.set("long", value)
                let whole = try #require(try await client.get("long"))
                #expect(whole.value == value)
                for count in [0, 1, 512, 99_999, 100_000, 200_000] {
                    let item = try #require(try await client.peek("long", bytes: count))
                    #expect(item.value == Array(value.prefix(count)) && item.cas == whole.cas)
                }
                #expect(try await client.peek("short", bytes: 512) == nil)
                try await withThrowingTaskGroup { group in
                    for index in 0..<200 {
                        group.addTask {
                            guard index % 2 == 0 else { return try await client.get("long")?.value == value }
                            let start = try await client.peek("long", bytes: 100)?.value ?? []
                            return start.count >= 100 && start == Array(value.prefix(start.count))
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
    }

    private func gets(_ memcached: TestMemcached, _ client: MemcachedClient) async throws -> Int {
        let statistics = try await client.statistics(.general, of: MemcachedAddress(memcached))
        return try #require(statistics["cmd_get"].flatMap { Int($0) })
    }

    @Test("More than may wait is refused at once, the others are served")
    func bounded() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) {
                $0.threads = 1
                $0.waitingLimit = 10
            } _: { client async throws in
                _ = try await client.set("k", bytes("v"))
                try await memcached.standStill()
                let results = await withTaskGroup { group in
                    for _ in 0..<50 { group.addTask { await result { try await client.get("k") } } }
                    return await group.reduce(into: [Result<MemcachedItem?, MemcachedError>]()) { $0.append($1) }
                }
                memcached.resume()
                let refused = results.filter { $0 == .failure(.busy) }.count
                #expect(refused >= 30, "\(refused) of 50 were refused")
                #expect(results.allSatisfy { if case .failure = $0 { true } else { false } })
                try await eventually("the server is found again") { try await client.get("k")?.text == "v" }
            }
        }
    }

    @Test("A value beyond the bytes that may wait is refused")
    func boundedBytes() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) {
                $0.waitingBytesLimit = 1000
            } _: { client async throws in
                let outcome = try await client.set("k", [UInt8](repeating: 0, count: 1000))
                #expect(outcome == .stored)
                await #expect(throws: MemcachedError.busy) {
                    try await client.set("k", [UInt8](repeating: 0, count: 1001))
                }
            }
        }
    }

    @Test("A cancelled task stops waiting")
    func cancels() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) {
                $0.deadline = .seconds(30)
            } _: { client async throws in
                let task = Task {
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                    return await result { try await client.get("k") }
                }
                #expect(await task.value == .failure(.cancelled))
                #expect(client.waitingCount == 0)
            }
        }
    }

    @Test("Hits, misses and errors are counted")
    func counts() async throws {
        let metrics = TestMetrics()
        try await withMemcached { memcached async throws in
            try await withClient([memcached], metrics: metrics) { client async throws in
                _ = try await client.set("k", bytes("v"))
                for key in ["k", "k", "none"] { _ = try await client.get(key) }
                _ = await result { try await client.get("") }
                #expect(try metrics.expectCounter("memcached_gets", [("result", "hit")]).totalValue == 2)
                #expect(try metrics.expectCounter("memcached_gets", [("result", "miss")]).totalValue == 1)
                #expect(try metrics.expectCounter("memcached_errors", [("kind", "invalid_key")]).totalValue == 1)
                #expect(
                    try metrics.expectTimer("memcached_operation_duration", [("operation", "store")]).values.count == 1)
            }
        }
    }
}
