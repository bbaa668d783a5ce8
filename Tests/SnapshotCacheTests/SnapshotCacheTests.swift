import Fold
import Logging
import Memcached
import SnapshotCache
import TestSupport
import Testing

@Suite("Snapshots in memcached", .timeLimit(.minutes(2)))
struct SnapshotCacheTests {
    /// A cache on a private memcached, and a client that can put anything under its keys.
    private struct Shelf: Sendable {
        let memcached: TestMemcached
        let client: MemcachedClient
        let cache: SnapshotCache

        func plant(_ bytes: [UInt8], under application: String) async throws {
            #expect(try await client.set("cistern:\(application)", bytes) == .stored)
        }
    }

    private func withCache(
        options: [String] = [], _ body: (Shelf) async throws -> Void
    ) async throws {
        try await withMemcached(options: options) { memcached in
            let address: MemcachedAddress =
                switch memcached.endpoint {
                case .unixSocket(let path): .unix(path: path)
                case .loopback(let port): .tcp(host: "127.0.0.1", port: port)
                }
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let client = try await MemcachedClient(
                configuration: MemcachedConfiguration(servers: [address]), logger: quiet)
            do {
                try await body(
                    Shelf(memcached: memcached, client: client, cache: SnapshotCache(client: client, logger: quiet)))
                await client.shutdown()
            } catch {
                await client.shutdown()
                throw error
            }
        }
    }

    private func snapshot(
        _ position: UInt64, epoch: String = "e1", of application: String = "board", bytes: Int = 0
    ) throws -> Snapshot {
        Snapshot(
            application: try ApplicationID(application), epoch: try #require(Epoch(epoch)), position: position,
            version: position, logBytes: 0, records: ChangeRecords(),
            state: Array(#"{"n":\#(position),"x":"\#(String(repeating: "x", count: bytes))"}"#.utf8)[...])
    }

    private func found(_ shelf: Shelf, _ application: String = "board") async throws -> String? {
        try await shelf.cache.find(try ApplicationID(application))?.positionToken.description
    }

    @Test("What was stored is found, and nothing where nothing was stored")
    func storeAndFind() async throws {
        try await withCache { (shelf: Shelf) async throws in
            #expect(try await found(shelf) == nil)
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
            let read = try #require(try await shelf.cache.find(try ApplicationID("board")))
            #expect(read.encoded() == (try snapshot(3).encoded()))
            #expect(try await found(shelf, "other") == nil)
        }
    }

    @Test("A snapshot is replaced by a later one of its epoch and never by an earlier one")
    func order() async throws {
        try await withCache { (shelf: Shelf) async throws in
            #expect(await shelf.cache.store(try snapshot(5)) == .stored)
            #expect(await shelf.cache.store(try snapshot(4)) == .newerThere)
            #expect(await shelf.cache.store(try snapshot(5)) == .newerThere)
            #expect(try await found(shelf) == "e1-5")
            #expect(await shelf.cache.store(try snapshot(6)) == .stored)
            #expect(try await found(shelf) == "e1-6")
        }
    }

    @Test("A snapshot of another epoch is replaced whatever its position")
    func otherEpoch() async throws {
        try await withCache { (shelf: Shelf) async throws in
            #expect(await shelf.cache.store(try snapshot(100)) == .stored)
            #expect(await shelf.cache.store(try snapshot(2, epoch: "e2")) == .stored)
            #expect(try await found(shelf) == "e2-2")
        }
    }

    @Test("What changed since a writer has looked is noticed: a later snapshot stays, an earlier one is replaced")
    func lookedBefore() async throws {
        try await withCache { (shelf: Shelf) async throws in
            let board = try ApplicationID("board")
            let empty = try #require(await shelf.cache.look(at: board))
            #expect(await shelf.cache.store(try snapshot(5)) == .stored)
            #expect(await shelf.cache.store(try snapshot(4), over: empty) == .newerThere)
            #expect(await shelf.cache.store(try snapshot(6), over: empty) == .stored)
            let six = try #require(await shelf.cache.look(at: board))
            #expect(await shelf.cache.store(try snapshot(9)) == .stored)
            #expect(await shelf.cache.store(try snapshot(8), over: six) == .newerThere)
            #expect(await shelf.cache.store(try snapshot(10), over: six) == .stored)
            #expect(try await found(shelf) == "e1-10")
            let ten = try #require(await shelf.cache.look(at: board))
            #expect(await shelf.cache.store(try snapshot(10), over: ten) == .newerThere)
            try #expect(await shelf.client.delete("cistern:board"))
            #expect(await shelf.cache.store(try snapshot(11), over: ten) == .stored)
            #expect(try await found(shelf) == "e1-11")
            shelf.memcached.kill()
            #expect(await shelf.cache.look(at: board).map { _ in true } == nil)
        }
    }

    @Test("A large snapshot that claims to be later is read as a whole before it is believed")
    func largeClaims() async throws {
        try await withCache { (shelf: Shelf) async throws in
            var bytes = try snapshot(9, bytes: 100_000).encoded()
            try await shelf.plant(bytes, under: "board")
            #expect(await shelf.cache.store(try snapshot(3)) == .newerThere)
            bytes[bytes.count - 2] ^= 1
            try await shelf.plant(bytes, under: "board")
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
        }
    }

    @Test("Many writers at once leave the latest")
    func concurrently() async throws {
        try await withCache { (shelf: Shelf) async throws in
            for round in 0..<10 {
                let epoch = "r\(round)"
                let outcomes = try await withThrowingTaskGroup(of: SnapshotCache.StoreOutcome.self) { group in
                    for position in (UInt64(1)...40).shuffled() {
                        let snapshot = try snapshot(position, epoch: epoch)
                        group.addTask {
                            // A writer that others outran gives up after a few conflicts; a daemon comes back with a later one.
                            while true {
                                let outcome = await shelf.cache.store(snapshot)
                                if outcome != .failed { return outcome }
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.allSatisfy { $0 == .stored || $0 == .newerThere })
                #expect(try await found(shelf) == "\(epoch)-40")
            }
        }
    }

    @Test("A value that was damaged is not believed, and replaced even if it claims to be later")
    func damaged() async throws {
        try await withCache { (shelf: Shelf) async throws in
            var bytes = try snapshot(9).encoded()
            bytes[bytes.count - 2] ^= 1
            try await shelf.plant(bytes, under: "board")
            #expect(try await found(shelf) == nil)
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
            #expect(try await found(shelf) == "e1-3")
        }
    }

    @Test(
        "What is no snapshot at all is not believed and replaced",
        arguments: ["", "x", "cistern2 ", "cistern1 00000000 a"])
    func nonsense(_ text: String) async throws {
        try await withCache { (shelf: Shelf) async throws in
            try await shelf.plant(Array(text.utf8), under: "board")
            #expect(try await found(shelf) == nil)
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
            #expect(try await found(shelf) == "e1-3")
        }
    }

    @Test("Another application's value under the key is not believed, and replaced")
    func otherApplication() async throws {
        try await withCache { (shelf: Shelf) async throws in
            try await shelf.plant(try snapshot(9, of: "other").encoded(), under: "board")
            #expect(try await found(shelf) == nil)
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
            #expect(try await found(shelf) == "e1-3")
        }
    }

    @Test("A snapshot that memcached does not take is told with its limit, and is not half there")
    func tooLarge() async throws {
        try await withCache { (shelf: Shelf) async throws in
            #expect(await shelf.cache.store(try snapshot(1)) == .stored)
            guard case .tooLarge(let limit) = await shelf.cache.store(try snapshot(2, bytes: 1 << 20)) else {
                Issue.record("memcached took more than a mebibyte")
                return
            }
            #expect((1_000_000..<1 << 20).contains(limit))
            #expect(["e1-1", nil].contains(try await found(shelf)))
            #expect(await shelf.cache.store(try snapshot(3)) == .stored)
        }
        try await withCache(options: ["-I", "8m"]) { (shelf: Shelf) async throws in
            #expect(await shelf.cache.store(try snapshot(2, bytes: 4 << 20)) == .stored)
            #expect(try await found(shelf) == "e1-2")
        }
    }

    @Test("With memcached away storing fails in words and finding throws; both work again when it is back")
    func away() async throws {
        try await withCache { (shelf: Shelf) async throws in
            #expect(await shelf.cache.store(try snapshot(1)) == .stored)
            shelf.memcached.kill()
            #expect(await shelf.cache.store(try snapshot(2)) == .failed)
            await #expect(throws: MemcachedError.self) { try await shelf.cache.find(try ApplicationID("board")) }
            try await shelf.memcached.launch()
            try await eventually("snapshots are stored again") { await shelf.cache.store(try snapshot(2)) == .stored }
            #expect(try await found(shelf) == "e1-2")
        }
    }
}
