import Fold
import TestSupport
import Testing

@testable import Presence

@Suite("Properties of merging")
struct PresencePropertyTests {
    private let start = Instant.now

    /// Three servers with clocks that differ by seconds, whose clients hop between them; all that they say, as it would go over the
    /// channel, some of it told again by others.
    private func conversation(_ random: inout SeededNumbers) -> [PresenceRecord] {
        var servers = (1...3).map { PresenceTable(server: $0, limit: 1_000) }
        var said: [PresenceRecord] = []
        for step in 0..<60 {
            let now = start + .milliseconds(step)
            let index = Int.random(in: 0..<servers.count, using: &random)
            let clock = UInt64(10_000 + step + 3_000 * index)
            let name = random.pick(["a", "b", "c", "d", "e"])
            if random.isLucky(25) {
                servers[index].remove(name, at: now, clock: clock)
            } else {
                let life = Duration.seconds(Int.random(in: 1...300, using: &random))
                _ = servers[index].put(name, "\(step)", for: life, at: now, clock: clock)
            }
            if let record = servers[index].record(name, at: now) { said.append(record) }
            // Some of it is heard by one of the others at once.
            if random.isLucky(50), let record = said.last { servers[(index + 1) % 3].merge(record, at: now) }
            if random.isLucky(20), let record = servers[(index + 2) % 3].record(name, at: now) { said.append(record) }
        }
        return said
    }

    private func merged(_ records: [PresenceRecord], server: UInt64) -> PresenceTable {
        var table = PresenceTable(server: server, limit: 1_000)
        for record in records { table.merge(record, at: start + .milliseconds(100)) }
        return table
    }

    @Test(
        "The same records in any order, any number of times, give the same clients that end at the same time",
        arguments: 1...200)
    func anyOrder(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let said = conversation(&random)
        let straight = merged(said, server: 8)
        for _ in 0..<5 {
            var heard = said + (0..<30).map { _ in random.pick(said) }
            heard.shuffle(using: &random)
            let other = merged(heard, server: 9)
            #expect(PresenceContent(of: other).etag == PresenceContent(of: straight).etag)
            #expect(other.text == straight.text)
            for (client, entry) in straight.entries {
                #expect(other.entries[client]?.stamp == entry.stamp)
                #expect(other.entries[client]?.end == entry.end)
            }
            #expect(other.entries.count == straight.entries.count)
            #expect(other.bytes == straight.bytes && other.count == straight.count)
        }
    }

    @Test("Two halves of what was said, merged apart and then told to each other, are the whole", arguments: 1...100)
    func grouping(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let said = conversation(&random)
        let now = start + .milliseconds(100)
        var halves = [PresenceTable(server: 8, limit: 1_000), PresenceTable(server: 9, limit: 1_000)]
        for record in said { halves[random.isLucky(50) ? 0 : 1].merge(record, at: now) }
        let told = halves.map { half in half.entries.keys.compactMap { half.record(of: $0, at: now) } }
        for record in told[1].shuffled(using: &random) { halves[0].merge(record, at: now) }
        for record in told[0].shuffled(using: &random) { halves[1].merge(record, at: now) }
        let whole = merged(said, server: 7)
        for half in halves {
            #expect(half.text == whole.text)
            for (client, entry) in whole.entries { #expect(half.entries[client]?.end == entry.end) }
        }
    }

    @Test("Counts and bytes are those of the entries, whatever happens", arguments: 1...50)
    func bookkeeping(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var table = PresenceTable(server: 1, limit: 3)
        let said = conversation(&random)
        for step in 0..<300 {
            let now = start + .seconds(step)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: _ = table.put(random.pick(["a", "b", "x", "y"]), "[\(step)]", at: now, clock: UInt64(step))
            case 1: table.remove(random.pick(["a", "b", "x"]), at: now, clock: UInt64(step))
            default: table.merge(random.pick(said), at: now)
            }
            if random.isLucky(30) { table.expire(at: now) }
            #expect(table.bytes == table.entries.reduce(0) { $0 + PresenceTable.cost(of: $1.key, $1.value.value) })
            #expect(table.count == table.entries.count { $0.value.value != nil })
            #expect(table.entries.count <= 6)
            if let first = table.entries.values.map(\.end).min() { #expect(table.nextEnd.map { $0 <= first } == true) }
        }
    }
}
