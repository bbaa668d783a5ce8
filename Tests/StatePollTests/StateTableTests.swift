import Fold
import Testing

@testable import StatePoll

@Suite("The table of states that are being polled")
struct StateTableTests {
    private let start = ContinuousClock.now

    private func id(_ name: String) throws -> ApplicationID { try ApplicationID(name) }

    private func state(_ bytes: Int, epoch: String = "e1", position: UInt64 = 1, version: UInt64 = 1) throws
        -> ServedState
    {
        ServedState(
            Snapshot(
                application: try id("a"), epoch: try #require(Epoch(epoch)), position: position, version: version,
                logBytes: 0,
                records: ChangeRecords(), state: Array(repeating: UInt8(ascii: "x"), count: bytes)[...]))
    }

    /// A table with applications polled one second after the other, each with a state of as many bytes.
    private func table(limit: Int, _ names: [String], bytes: Int) throws -> StateTable {
        var table = StateTable(limit: limit)
        for (offset, name) in names.enumerated() {
            _ = table.poll(try id(name), at: start + .seconds(offset))
            let served = try state(bytes)
            _ = table.update(try id(name)) { $0.served = served }
        }
        return table
    }

    @Test("Only the first poll of an application asks for a watcher")
    func firstPoll() throws {
        var table = StateTable(limit: 1 << 20)
        let first = table.poll(try id("a"), at: start)
        let second = table.poll(try id("a"), at: start + .seconds(1))
        #expect(first && !second)
        #expect(table[try id("a")]?.lastPoll == start + .seconds(1))
    }

    @Test("Bytes follow what is served and what a watcher keeps, and are all given back")
    func bytes() throws {
        var table = try table(limit: 1 << 20, ["a", "b"], bytes: 1_000)
        #expect(table.bytes == 2 * (1_000 + StateTable.bytesPerEntry))
        _ = table.update(try id("a")) { $0.workingBytes = 500 }
        let smaller = try state(10)
        _ = table.update(try id("b")) { $0.served = smaller }
        #expect(table.bytes == 1_510 + 2 * StateTable.bytesPerEntry)
        _ = table.remove(try id("a"))
        _ = table.remove(try id("a"))
        _ = table.remove(try id("b"))
        #expect(table.bytes == 0)
    }

    @Test("Whoever waits is told once, of the first change after the generation that was seen")
    func waiting() throws {
        var table = try table(limit: 1 << 20, ["a"], bytes: 10)
        let a = try id("a")
        let generation = try #require(table[a]?.generation)
        let waits = table.wait(7, for: a, since: generation)
        let (told, _) = table.update(a) { $0.looksEnded += 1 }
        let (toldAgain, _) = table.update(a) { $0.looksEnded += 1 }
        #expect(waits && told == [7] && toldAgain == [])
        let waitsTooLate = table.wait(8, for: a, since: generation)
        let waitsForNothing = table.wait(8, for: try id("unheard-of"), since: 0)
        #expect(!waitsTooLate && !waitsForNothing)
    }

    @Test("That a look begins wakes nobody, and nobody who saw the entry before it misses its end")
    func beginningLook() throws {
        var table = try table(limit: 1 << 20, ["a"], bytes: 10)
        let a = try id("a")
        let generation = try #require(table[a]?.generation)
        _ = table.beginLook(at: a)
        let waits = table.wait(7, for: a, since: generation)
        let (told, _) = table.update(a) { $0.looksEnded = $0.looksBegun }
        #expect(waits && told == [7])
    }

    @Test("Whoever has stopped waiting is not told")
    func stopWaiting() throws {
        var table = try table(limit: 1 << 20, ["a"], bytes: 10)
        let a = try id("a")
        let generation = try #require(table[a]?.generation)
        let waits = table.wait(7, for: a, since: generation)
        table.stopWaiting(7, for: a)
        let (told, _) = table.update(a) { $0.isUnknown = true }
        #expect(waits && told == [])
    }

    @Test("What does not fit goes, those polled longest ago first, until a tenth is free")
    func surplus() throws {
        let entry = 1_000 + StateTable.bytesPerEntry
        let names = (0..<10).map { "app\($0)" }
        #expect(try table(limit: 10 * entry, names, bytes: 1_000).surplus() == [])
        let table = try table(limit: 9 * entry, names, bytes: 1_000)
        #expect(table.surplus() == [try id("app0"), try id("app1")])
    }

    @Test("What a request still needs stays, even if it alone is larger than the table")
    func holding() throws {
        var table = try table(limit: 5_000, ["large", "small"], bytes: 100_000)
        let large = try id("large")
        let isNew = table.hold(large, at: start)
        #expect(!isNew)
        #expect(table.surplus() == [try id("small")])
        #expect(!table.isIdle(large, for: .seconds(1), at: start + .seconds(60)))
        table.release(large)
        #expect(table.surplus() == [large, try id("small")])
        #expect(table.isIdle(large, for: .seconds(1), at: start + .seconds(60)))
    }

    @Test("An application is idle once nobody has polled it for that long")
    func idle() throws {
        var table = StateTable(limit: 1 << 20)
        let a = try id("a")
        _ = table.poll(a, at: start)
        #expect(!table.isIdle(a, for: .seconds(30), at: start + .seconds(29)))
        #expect(table.isIdle(a, for: .seconds(30), at: start + .seconds(30)))
        #expect(table.isIdle(try id("unheard-of"), for: .seconds(30), at: start))
    }

    @Test(
        "An entry is stale if nobody has looked for a while, unless somebody is looking or Redis has just not answered")
    func stale() throws {
        var entry = StateTable.Entry(lastLook: start, lastPoll: start)
        let later = start + StateTable.staleAfter + .milliseconds(1)
        #expect(!entry.isStale(at: start))
        #expect(entry.isStale(at: later))
        entry.looksBegun = 1
        #expect(!entry.isStale(at: later))
        entry.looksEnded = 1
        entry.lastLookFailed = true
        #expect(!entry.isStale(at: later))
    }

    @Test("What is served never goes back within an epoch, and a version that is there already keeps its bytes")
    func advancing() throws {
        let present = try state(10, position: 5, version: 4)
        #expect(present.advanced(to: try state(10, position: 4, version: 4)).position == 5)
        #expect(present.advanced(to: try state(20, position: 5, version: 5)).version == 4)
        let further = present.advanced(to: try state(20, position: 6, version: 4))
        #expect(further.position == 6)
        #expect(further.body == present.body)
        let newer = try state(20, position: 7, version: 7)
        #expect(present.advanced(to: newer).body == newer.body)
        #expect(present.advanced(to: try state(20, epoch: "e2", position: 1, version: 1)).version == 1)
    }

    @Test("A look folds in all that was asked for before it began, and whoever asks later waits for the next one")
    func wishes() throws {
        var table = try table(limit: 1 << 20, ["a"], bytes: 10)
        let a = try id("a")
        let epoch = try #require(Epoch("e1"))
        let five = Watcher.Folding.upTo(PositionToken(epoch: epoch, number: 5))
        let nine = Watcher.Folding.upTo(PositionToken(epoch: epoch, number: 9))
        let tickets = [Watcher.Folding.nothing, five].map { table.askForLook(at: a, folding: $0) }
        let first = table.beginLook(at: a)
        let later = table.askForLook(at: a, folding: nine)
        let others = [table.beginLook(at: a), table.beginLook(at: a)]
        #expect(tickets == [1, 1] && first == five)
        #expect(later == 2 && others == [nine, .nothing])
    }

    @Test("Two wishes to fold are one that fulfils both")
    func folding() throws {
        let epoch = try #require(Epoch("e1"))
        let five = Watcher.Folding.upTo(PositionToken(epoch: epoch, number: 5))
        let nine = Watcher.Folding.upTo(PositionToken(epoch: epoch, number: 9))
        let other = Watcher.Folding.upTo(PositionToken(epoch: try #require(Epoch("e2")), number: 1))
        #expect(five.and(nine) == nine)
        #expect(nine.and(five) == nine)
        #expect(Watcher.Folding.nothing.and(five) == five)
        #expect(five.and(.nothing) == five)
        #expect(five.and(.everything) == .everything)
        let bothEpochs = [nine.and(other), other.and(nine)]
        #expect(bothEpochs == [.everything, .everything], "only the look tells which epoch is the present one")
    }
}
