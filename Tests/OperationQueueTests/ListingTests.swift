import Fold
import OperationQueue
import Operations
import TestSupport
import Testing

@Suite("Operations in Redis: lists, and what they cost", .timeLimit(.minutes(2)))
struct ListingTests {
    private static func ids(_ page: OperationPage) -> [String] { page.operations.map { "\($0.id)" } }

    @Test("The newest first, page by page, each once, whatever is made meanwhile")
    func pages() async throws {
        try await withStore { store in
            let queue = store.queue
            for number in 1...7 { try await queue.make("a\(number)") }
            try await queue.make("x", of: application("other"))
            let all = OperationFilter()
            var page = try await queue.list(all, of: board, after: nil, most: 3)
            #expect(Self.ids(page) == ["a7", "a6", "a5"])
            try await queue.make("a8")
            var seen: [String] = []
            for _ in 1...9 {
                guard let next = page.next else { break }
                page = try await queue.list(all, of: board, after: next, most: 3)
                seen += Self.ids(page)
            }
            #expect(seen == ["a4", "a3", "a2", "a1"])
            #expect(try await queue.list(all, of: board, after: nil, most: 8).next == nil)
            #expect(try await queue.list(all, of: application("none"), after: nil, most: 8).operations.isEmpty)
        }
    }

    @Test("Of a status or a kind alone, as they are now; one that is looked through ends somewhere, and says where")
    func filters() async throws {
        try await withStore { store in
            let queue = store.queue
            for number in 1...4 { try await queue.make("a\(number)") }
            try await queue.make("b", #"{"kind":"import"}"#)
            _ = try await queue.claimOne()
            let running = OperationFilter(status: .running)
            #expect(Self.ids(try await queue.list(running, of: board, after: nil, most: 10)) == ["a1"])
            let both = OperationFilter(status: .queued, kind: kind("import"))
            #expect(Self.ids(try await queue.list(both, of: board, after: nil, most: 10)) == ["b"])
            // A lease that has run out is settled by whoever looks.
            try store.advance(to: .seconds(31))
            #expect(try await queue.list(running, of: board, after: nil, most: 10).operations.isEmpty)
            for number in 1...OperationLimits.listedAtOnce { try await queue.make("c\(number)") }
            let some = try await queue.list(both, of: board, after: nil, most: 10)
            #expect(some.operations.isEmpty)
            let next = try #require(some.next)
            #expect(Self.ids(try await queue.list(both, of: board, after: next, most: 10)) == ["b"])
        }
    }

    @Test("What is deleted, or has had its time, is not listed, and leaves nothing behind")
    func forgotten() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            for id in ["a", "b", "c"] { try await queue.make(id) }
            _ = try await queue.cancel(name("a"))
            _ = try await queue.cancel(name("b"))
            _ = try await queue.cancel(name("b"), deleting: true)
            #expect(Self.ids(try await queue.list(OperationFilter(), of: board, after: nil, most: 9)) == ["c", "a"])
            #expect(try store.redis.command("ZCARD", "{c00}:operation-list:board") == "2")
            try store.advance(to: queue.settings.keeping + .seconds(2))
            // Nobody lists: whoever comes by trims.
            _ = try await queue.news(in: queue.partition(of: board))
            #expect(try store.redis.command("ZCARD", "{c00}:operation-list:board") == "1")
            #expect(Self.ids(try await queue.list(OperationFilter(), of: board, after: nil, most: 9)) == ["c"])
        }
    }

    /// Commands that Redis has carried out, those of scripts among them.
    private static func commands(_ store: Store, _ body: () async throws -> Void) async throws -> Int {
        func count() throws -> Int {
            try store.redis.command("INFO", "commandstats").split(whereSeparator: \.isNewline).reduce(0) { sum, line in
                guard line.hasPrefix("cmdstat_"), !line.hasPrefix("cmdstat_info"),
                    let calls = line.split(separator: "=").dropFirst().first?.split(separator: ",").first
                else { return sum }
                return sum + (Int(calls) ?? 0)
            }
        }
        let before = try count()
        try await body()
        return try count() - before
    }

    @Test("A claim and a page take as many commands with 100,000 operations as with some")
    func costs() async throws {
        try await withStore(partitions: 1) { store in
            let queue = store.queue
            // The least of some: connections are kept alive, and scripts loaded, besides.
            func costs() async throws -> [Int] {
                var (claims, pages) = (Int.max, Int.max)
                for _ in 1...4 {
                    claims = min(
                        claims,
                        try await Self.commands(store) { () async throws in
                            #expect(try await queue.claims(5, of: [board]).count == 5)
                            #expect(try await queue.claims(5).count == 5)
                        })
                    pages = min(
                        pages,
                        try await Self.commands(store) { () async throws in
                            let page = try await queue.list(OperationFilter(), of: board, after: nil, most: 5)
                            #expect(page.operations.count == 5)
                        })
                }
                return [claims, pages]
            }
            for number in 1...60 { try await queue.make("a\(number)") }
            let few = try await costs()
            // As the scripts make them, some thousands at a time: no call may take so long that whoever waits gives up.
            let script = """
                for number = ARGV[1] + 1, ARGV[1] + ARGV[2] do
                  local id = 'b' .. number
                  redis.call('COPY', '{c00}:operation:board:a60', '{c00}:operation:board:' .. id)
                  redis.call('HSET', '{c00}:operation:board:' .. id, 'score', 4 * 2 ^ 48 + 1000 + number)
                  redis.call('ZADD', '{c00}:operation-ready:export:board', 4 * 2 ^ 48 + 1000 + number, id)
                  redis.call('ZADD', '{c00}:operation-list:board', 1000 + number, id)
                end
                return redis.call('ZCARD', '{c00}:operation-ready:export:board')
                """
            let slice = 5_000
            var queued = 0
            for first in stride(from: 0, to: 100_000, by: slice) {
                queued = try #require(Int(try store.redis.command("EVAL", script, "0", "\(first)", "\(slice)")))
            }
            #expect(queued > 100_000)
            #expect(try await costs() == few)
        }
    }
}
