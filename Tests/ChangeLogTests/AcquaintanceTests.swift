import Redis
import Testing

@testable import ChangeLog

@Suite("What a process tells of the generation that it has met")
struct AcquaintanceTests {
    private func server(_ run: String, _ id: String = "i", _ second: String = "0") -> RedisServerIdentity {
        RedisServerIdentity(version: "7", role: .primary, runID: run, masterReplID: id, masterReplID2: second)
    }

    @Test("Who has met nobody says so")
    func nobody() {
        #expect(Acquaintance().life(on: server("A"), connection: 1) == "A i 0 ")
        #expect(Acquaintance().generation == nil)
    }

    @Test("What was met is told there, and on newer connections to another server, and back on the first one")
    func told() {
        var known = Acquaintance()
        known.met("g1", on: server("A"), connection: 1)
        #expect(known.life(on: server("A"), connection: 1) == "A i 0 g1")
        #expect(known.life(on: server("B"), connection: 3) == "B i 0 g1")
        known.met("g2", on: server("B"), connection: 3)
        #expect(known.generation == "g2")
        #expect(known.life(on: server("A"), connection: 4) == "A i 0 g2")
    }

    @Test(
        "A connection from before another server was met leads to one that was left: nothing is told there, or believed"
    )
    func left() {
        var known = Acquaintance()
        known.met("g1", on: server("A"), connection: 1)
        known.met("g2", on: server("B"), connection: 3)
        #expect(known.life(on: server("A"), connection: 2) == nil)
        known.met("g3", on: server("A"), connection: 2)
        #expect(known.generation == "g2")
        // Others to the present one may be older.
        #expect(known.life(on: server("B"), connection: 2) == "B i 0 g2")
        known.met("g4", on: server("B"), connection: 2)
        #expect(known.life(on: server("A"), connection: 2) == nil)
        #expect(known.life(on: server("A"), connection: 5) == "A i 0 g4")
    }

    @Test("A server whose replication id is another is the same one still, on all of its connections")
    func firstReplica() {
        var known = Acquaintance()
        known.met("g1", on: server("A", "i"), connection: 2)
        #expect(known.life(on: server("A", "j"), connection: 1) == "A j 0 g1")
        known.met("g1", on: server("A", "j"), connection: 1)
        #expect(known.life(on: server("A", "i"), connection: 2) == "A i 0 g1")
    }
}
