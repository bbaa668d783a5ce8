import Fold
import TestSupport
import Testing

@testable import Presence

@Suite("Who is here, as a value")
struct PresenceTableTests {
    private let start = Instant.now

    private func table(server: UInt64 = 1, limit: Int = 100) -> PresenceTable {
        PresenceTable(server: server, limit: limit)
    }

    @Test("A client is here until it is removed or not renewed in time")
    func lives() {
        var table = table()
        #expect(table.put("ann", "1", for: .seconds(30), at: start, clock: 1_000) == true)
        #expect(table.put("bob", "{}", for: .seconds(10), at: start, clock: 1_000) == true)
        #expect(table.put("ann", "2", for: .seconds(30), at: start + .seconds(9), clock: 10_000) == false)
        #expect(table.text == #"{"clients":{"ann":{"value":2},"bob":{"value":{}}}}"#)
        table.expire(at: start + .seconds(10))
        #expect(table.text == #"{"clients":{"ann":{"value":2}}}"#)
        table.expire(at: start + .seconds(38))
        #expect(table.count == 1)
        table.remove("ann", at: start + .seconds(38), clock: 39_000)
        #expect(table.text == #"{"clients":{}}"#)
        table.expire(at: start + .seconds(100))
        #expect(table.entries.isEmpty && table.bytes == 0 && table.nextEnd == nil)
    }

    @Test("Renewal with the same document changes nothing that is shown")
    func renewal() {
        var table = table()
        _ = table.put("ann", "1", at: start, clock: 1)
        let before = table.revision
        _ = table.put("ann", "1", at: start + .seconds(5), clock: 5_001)
        #expect(table.revision == before)
        _ = table.put("ann", "1.0", at: start + .seconds(5), clock: 5_001)
        #expect(table.revision == before + 1)
    }

    @Test("An older message does not bring back a client that has gone")
    func tombstone() throws {
        var first = table(server: 1)
        var second = table(server: 2)
        _ = first.put("ann", "1", for: .seconds(120), at: start, clock: 1_000)
        let hello = try #require(first.record("ann", at: start))
        second.merge(hello, at: start)
        second.remove("ann", at: start, clock: 0)
        #expect(second.count == 0)
        for late in [0, 29, 60, 119] {
            second.expire(at: start + .seconds(late))
            second.merge(hello, at: start + .seconds(late))
            #expect(second.count == 0, "after \(late) s")
        }
        let farewell = try #require(second.record("ann", at: start))
        first.merge(farewell, at: start)
        #expect(first.count == 0)
    }

    @Test("A client that hops to a server whose clock is behind is followed there")
    func skew() throws {
        var ahead = table(server: 1)
        var behind = table(server: 2)
        _ = ahead.put("ann", "1", at: start, clock: 1_000_000)
        behind.merge(try #require(ahead.record("ann", at: start)), at: start)
        _ = behind.put("ann", "2", at: start, clock: 5)
        ahead.merge(try #require(behind.record("ann", at: start)), at: start)
        #expect(ahead.text == behind.text)
        #expect(ahead.text == #"{"clients":{"ann":{"value":2}}}"#)
        let last = PresenceStamp(milliseconds: .max, server: 9)
        #expect(PresenceStamp(now: 5, server: 2, after: last).milliseconds == PresenceStamp.latest)
    }

    @Test("No more clients are taken than may be, and those that are here can still be renewed and removed")
    func limit() {
        var table = table(limit: 3)
        for name in ["a", "b", "c"] { #expect(table.put(name, "1", at: start, clock: 1) == true) }
        #expect(table.put("d", "1", at: start, clock: 1) == nil)
        #expect(table.put("c", "2", at: start, clock: 1) == false)
        table.remove("a", at: start, clock: 1)
        #expect(table.put("d", "1", at: start, clock: 1) == true)
        #expect(table.put("e", "1", for: .seconds(300), at: start + .seconds(30), clock: 1) == true)
    }

    @Test("What others tell is bounded too: first who has gone is forgotten, then the last ids are left out")
    func overflow() {
        var table = table(limit: 2)
        for name in ["z", "y", "x", "w", "v", "u"] {
            let stamp = PresenceStamp(milliseconds: 1, server: 7)
            let record = PresenceRecord(
                client: client(name), stamp: stamp, value: name == "u" ? nil : json("1"), remaining: .seconds(1))
            table.merge(record, at: start)
            #expect(table.entries.count <= 4)
        }
        #expect(table.entries.keys.map(\.description).sorted() == ["v", "w", "x", "y"])
        #expect(table.bytes == 4 * PresenceTable.cost(of: client("v"), json("1")))
    }
}
