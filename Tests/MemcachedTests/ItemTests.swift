import Memcached
import TestSupport
import Testing

@Suite("Items in a real memcached")
struct ItemTests {
    @Test("A value comes back as it was stored, over a socket and over TCP", arguments: [false, true])
    func roundTrip(tcp: Bool) async throws {
        try await withMemcached(tcp: tcp) { memcached async throws in
            try await withClient([memcached]) { client async throws in
                #expect(try await client.get("k") == nil)
                let value = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
                #expect(try await client.set("k", value) == .stored)
                #expect(try await client.get("k")?.value == value)
                #expect(try await client.set("empty", []) == .stored)
                #expect(try await client.get("empty")?.value == [])
                #expect(try await client.delete("k"))
                #expect(try await client.delete("k") == false)
                #expect(try await client.get("k") == nil)
            }
        }
    }

    @Test("add stores only where nothing is")
    func add() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                #expect(try await client.add("k", bytes("first")) == .stored)
                #expect(try await client.add("k", bytes("second")) == .exists)
                #expect(try await client.get("k")?.text == "first")
            }
        }
    }

    @Test("compareAndSet stores over the item that was read and over no other")
    func compareAndSet() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                #expect(try await client.compareAndSet("k", bytes("x"), cas: 1) == .notFound)
                _ = try await client.set("k", bytes("one"))
                let seen = try #require(try await client.get("k"))
                #expect(try await client.compareAndSet("k", bytes("two"), cas: seen.cas) == .stored)
                #expect(try await client.compareAndSet("k", bytes("three"), cas: seen.cas) == .exists)
                #expect(try await client.get("k")?.text == "two")
            }
        }
    }

    @Test("Of many writers that saw the same item one wins")
    func race() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                _ = try await client.set("k", bytes("seen"))
                let cas = try #require(try await client.get("k")).cas
                let outcomes = try await withThrowingTaskGroup { group in
                    for writer in 0..<20 {
                        group.addTask { try await client.compareAndSet("k", bytes("by \(writer)"), cas: cas) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.filter { $0 == .stored }.count == 1)
                #expect(outcomes.filter { $0 == .exists }.count == 19)
            }
        }
    }

    @Test("An item goes when its time is over")
    func expires() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                _ = try await client.set("short", bytes("x"), expiration: .seconds(1))
                _ = try await client.set("long", bytes("x"), expiration: .seconds(40 * 24 * 3600))
                #expect(try await client.get("long") != nil)
                try await eventually("the item is gone") { try await client.get("short") == nil }
                #expect(try await client.get("long") != nil)
            }
        }
    }

    @Test(
        "A value too large is reported, and the older one stays",
        arguments: [[], ["-I", "2m"], ["-I", "8m", "-m", "128"]])
    func tooLarge(options: [String]) async throws {
        try await withMemcached(options: options) { memcached async throws in
            try await withClient([memcached]) { client async throws in
                let key = String(repeating: "k", count: 250)
                let limit = try await client.maximumValueLength(forKey: key)
                _ = try await client.set(key, bytes("old"))
                let outcome = try await client.set(key, [UInt8](repeating: 1, count: limit + 1))
                #expect(outcome == .tooLarge(limit: limit))
                #expect(try await client.get(key)?.text == "old")
                let largest = [UInt8](repeating: 7, count: limit)
                #expect(try await client.set(key, largest) == .stored)
                #expect(try await client.get(key)?.value == largest)
            }
        }
    }

    @Test("The item limit of each server is told")
    func limits() async throws {
        try await withMemcached(options: ["-I", "2m"]) { memcached async throws in
            try await withClient([memcached]) { client async throws in
                let server = MemcachedAddress(memcached)
                #expect(try await client.largestItem(of: server) == 2 << 20)
                #expect(try await client.maximumValueLength(forKey: "key") == (2 << 20) - 128 - 3)
                #expect(try await client.statistics(.settings, of: server)["item_size_max"] == "\(2 << 20)")
                #expect(try await client.version(of: server).split(separator: ".").count >= 3)
            }
        }
    }

    @Test("A key with a line end is refused and nothing is written")
    func lineEnd() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                let key = "a\r\nset evil 0 0 1\r\nx\r\n"
                await #expect(throws: MemcachedError.invalidKey(.forbiddenByte(0x0D, at: 1))) {
                    try await client.set(key, bytes("v"))
                }
                await #expect(throws: MemcachedError.self) { try await client.get(key) }
                await #expect(throws: MemcachedError.self) { try await client.delete("a b") }
                #expect(try await client.get("evil") == nil)
            }
        }
    }

    @Test("After shutdown everything is refused, and what ran before is answered")
    func shutdown() async throws {
        try await withMemcached { memcached async throws in
            try await withClient([memcached]) { client async throws in
                async let waiting: [MemcachedStoreOutcome] = withThrowingTaskGroup { group in
                    for number in 0..<100 { group.addTask { try await client.set("k\(number)", bytes("v")) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                try await eventually("the items are stored") { try await client.get("k99") != nil }
                #expect(try await waiting.count == 100)
                await client.shutdown()
                await #expect(throws: MemcachedError.shutDown) { try await client.get("k1") }
                await #expect(throws: MemcachedError.shutDown) { try await client.set("k1", []) }
            }
        }
    }
}
